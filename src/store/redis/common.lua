-- Put before every script of one conversation. No clock and no randomness: all times are arguments.
-- KEYS, in every script: 1 conversation, 2 journal, 3 items, 4 ledger, 5 ready, 6 waiting, 7 put off; then the script's own.
--   waiting  list of "<band> <s stopped by STOP, n not> <ms decided> <outbox id>", oldest first; a band is 64 * class + lane
--   ready    only the oldest of each conversation: when it may be begun in ms, plus BAND times its band: its own lane, and the class of the
--            first in rank that waits there
--   put off  of the oldest, those that were moved from when they were decided: when that was, in ms
--   ledger   outbox id -> "<attempts>:<fence>:<w waiting, u under way, a ambiguous>:<1 stopped by STOP, 0 not>:<attempts throttled>";
--            none: never begun
local BAND = 10000000000000
local LANES = 64

local function entry_of(text)
  local band, stop, decided, id = string.match(text, '^(%d+) (%a) (-?%d+) (.+)$')
  return { text = text, band = tonumber(band), stop = stop, decided = tonumber(decided), id = id }
end

local function ledger_of(id)
  local text = redis.call('HGET', KEYS[4], id)
  if not text then
    return { n = 0, fence = '', standing = 'w', stopped = '0', throttled = 0 }
  end
  local n, fence, standing, stopped, throttled = string.match(text, '^(%d+):(%d*):(%a):(%d):(%d+)$')
  return { n = tonumber(n), fence = fence, standing = standing, stopped = stopped, throttled = tonumber(throttled) }
end

local function keep_ledger(id, l)
  redis.call('HSET', KEYS[4], id, string.format('%d:%s:%s:%s:%d', l.n, l.fence, l.standing, l.stopped, l.throttled))
end

-- A line of the journal on how far a message got.
local function note(at, id, state, code)
  redis.call('XADD', KEYS[2], '*', 'd', at .. '\t' .. id .. '\t' .. state .. '\t' .. code)
end

-- Puts the oldest item where the sender looks, by the class of the first in rank that waits behind it.
local function lift()
  local all = redis.call('LRANGE', KEYS[6], 0, -1)
  if #all == 0 then
    return
  end
  local head = entry_of(all[1])
  local first = head.band
  for _, text in ipairs(all) do
    first = math.min(first, tonumber(string.match(text, '^(%d+)')))
  end
  local band = math.floor(first / LANES) * LANES + head.band % LANES
  local score = redis.call('ZSCORE', KEYS[5], head.id)
  local at = score and tonumber(score) % BAND or head.decided
  redis.call('ZADD', KEYS[5], string.format('%.0f', band * BAND + at), head.id)
end

-- Puts the oldest item where the sender looks, after one was put behind it that would stand at `place` if it were the first. Only one
-- that goes before all others makes a difference.
local function joined(place)
  local head = string.match(redis.call('LINDEX', KEYS[6], 0), '%S+$')
  local score = redis.call('ZSCORE', KEYS[5], head)
  if score and math.floor(place / (BAND * LANES)) >= math.floor(score / (BAND * LANES)) then
    return
  end
  lift()
end

-- Moves the oldest item to a time, within its band.
local function move(id, at)
  local score = tonumber(redis.call('ZSCORE', KEYS[5], id) or '0')
  redis.call('ZADD', KEYS[5], string.format('%.0f', math.floor(score / BAND) * BAND + tonumber(at)), id)
end

-- The same until something happens again: when it was decided is kept, so that its age is known.
local function put_off(id, at)
  local text = redis.call('LINDEX', KEYS[6], 0)
  local head = text and entry_of(text)
  if head and head.id == id then
    redis.call('ZADD', KEYS[7], head.decided, id)
  end
  move(id, at)
end

local function remove(entry)
  redis.call('LREM', KEYS[6], 1, entry.text)
  redis.call('HDEL', KEYS[3], entry.id)
  redis.call('HDEL', KEYS[4], entry.id)
  redis.call('ZREM', KEYS[5], entry.id)
  redis.call('ZREM', KEYS[7], entry.id)
end

local function finish(id)
  for _, text in ipairs(redis.call('LRANGE', KEYS[6], 0, -1)) do
    local entry = entry_of(text)
    if entry.id == id then
      remove(entry)
      break
    end
  end
  lift()
end

local function is_head(id)
  local text = redis.call('LINDEX', KEYS[6], 0)
  return text and entry_of(text).id == id
end
