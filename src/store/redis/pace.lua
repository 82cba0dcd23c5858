-- Grants what a sender may send now, or slows it down; as `pace.rs` does, by Redis's clock: the nodes' own may differ.
-- KEYS: 1 the sender; then of each message what its address had, where the pace has a pair.
-- ARGV: 1 messages in 1,000 s, 2 burst, 3 the pair's gap in ms (0: none), 4 its burst, 5 'grant' | 'slow';
--       then for 'grant' of each message what it counts for and its reserve; for 'slow' the pause in ms.
-- Answers for 'grant' of each message: 0 now, n the sender's limit for n ms, -n the address's for n ms; for 'slow' nothing.
local RECOVERY_MS, LEAST, CUT_EVERY_MS = 60000, 62, 1000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now_ms = math.floor(now / 1000)
local rate, burst, pair_gap, pair_burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]) * 1000, tonumber(ARGV[4])

local kept = redis.call('HMGET', KEYS[1], 'next', 'cut', 'cut_at')
local next = math.max(tonumber(kept[1] or '0'), now)
local cut, cut_at = tonumber(kept[2] or '1000'), tonumber(kept[3] or '0')
local function permille()
  return math.min(cut + math.max(now_ms - cut_at, 0) * 1000 / RECOVERY_MS, 1000)
end
local function gap()
  return 1000000000 / rate * 1000 / permille()
end
local function keep()
  redis.call('HSET', KEYS[1], 'next', string.format('%.0f', next), 'cut', string.format('%.0f', cut), 'cut_at', string.format('%.0f', cut_at))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((next - now) / 1000) + RECOVERY_MS))
end
local function ms(us)
  return math.ceil(us / 1000)
end

if ARGV[5] == 'slow' then
  if now_ms - cut_at >= CUT_EVERY_MS then
    cut, cut_at = math.max(math.floor(permille() / 2), LEAST), now_ms
  end
  next = math.max(next, now + (burst - 1) * gap() + tonumber(ARGV[6]) * 1000)
  keep()
  return {}
end

local each = gap()
local answers, granted = {}, false
for i = 1, (#ARGV - 5) / 2 do
  local cost, reserve = tonumber(ARGV[4 + 2 * i]), tonumber(ARGV[5 + 2 * i])
  local pair_wait, pair_next = 0, now
  if pair_gap > 0 then
    pair_next = math.max(tonumber(redis.call('GET', KEYS[1 + i]) or '0'), now)
    pair_wait = pair_next - now - (pair_burst - 1) * pair_gap
  end
  local wait = next - now - (math.max(burst - reserve, 1) - 1) * each
  if pair_wait > 0 then
    answers[i] = -ms(pair_wait)
  elseif wait > 0 then
    answers[i] = ms(wait)
  else
    answers[i], granted = 0, true
    next = next + cost * each
    if pair_gap > 0 then
      pair_next = pair_next + pair_gap
      redis.call('SET', KEYS[1 + i], string.format('%.0f', pair_next), 'PX', string.format('%.0f', ms(pair_next - now)))
    end
  end
end
if granted then
  keep()
end
return answers
