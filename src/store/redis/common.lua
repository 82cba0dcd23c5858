-- Put before every script of one conversation. No clock and no randomness: all times are arguments.
-- KEYS, in every script: 1 conversation, 2 journal, 3 items, 4 ledger, 5 ready, 6 waiting, 7 ages; then the script's own.
--   waiting  list of "<i interactive, b bulk> <s stopped by STOP, n not> <ms decided> <outbox id>", oldest first
--   ready    only the oldest of each conversation: when it may be begun in ms, plus BULK where nothing interactive waits in it
--   ledger   outbox id -> "<attempts>:<fence>:<w waiting, u under way, a ambiguous>:<1 stopped by STOP, 0 not>"; none: never begun
local BULK = 1000000000000000

local function entry_of(text)
  local class, stop, decided, id = string.match(text, '^(%a) (%a) (-?%d+) (.+)$')
  return { text = text, class = class, stop = stop, decided = tonumber(decided), id = id }
end

local function ledger_of(id)
  local text = redis.call('HGET', KEYS[4], id)
  if not text then
    return { n = 0, fence = '', standing = 'w', stopped = '0' }
  end
  local n, fence, standing, stopped = string.match(text, '^(%d+):(%d*):(%a):(%d)$')
  return { n = tonumber(n), fence = fence, standing = standing, stopped = stopped }
end

local function keep_ledger(id, l)
  redis.call('HSET', KEYS[4], id, string.format('%d:%s:%s:%s', l.n, l.fence, l.standing, l.stopped))
end

-- A line of the journal on how far a message got.
local function note(at, id, state, code)
  redis.call('XADD', KEYS[2], '*', 'd', at .. '\t' .. id .. '\t' .. state .. '\t' .. code)
end

-- Puts the oldest item where the sender looks, by the class of all that wait behind it.
local function lift()
  local all = redis.call('LRANGE', KEYS[6], 0, -1)
  if #all == 0 then
    return
  end
  local head = entry_of(all[1])
  local bulk = true
  for _, text in ipairs(all) do
    if string.sub(text, 1, 1) == 'i' then
      bulk = false
    end
  end
  local score = redis.call('ZSCORE', KEYS[5], head.id)
  local at = head.decided
  if score then
    at = tonumber(score)
    if at >= BULK / 2 then
      at = at - BULK
    end
  end
  if bulk then
    at = at + BULK
  end
  redis.call('ZADD', KEYS[5], string.format('%.0f', at), head.id)
end

-- Puts the oldest item where the sender looks, after one was put behind it. Only one that goes before all others makes a difference.
local function joined(entry, n_waiting)
  if n_waiting > 1 then
    local head = entry_of(redis.call('LINDEX', KEYS[6], 0))
    local score = redis.call('ZSCORE', KEYS[5], head.id)
    if score and (entry.class == 'b' or tonumber(score) < BULK / 2) then
      return
    end
    return lift()
  end
  local at = entry.decided
  if entry.class == 'b' then
    at = at + BULK
  end
  redis.call('ZADD', KEYS[5], string.format('%.0f', at), entry.id)
end

-- Moves the oldest item to a time, within its class.
local function put_off(id, at)
  local score = tonumber(redis.call('ZSCORE', KEYS[5], id) or '0')
  local when = tonumber(at)
  if score >= BULK / 2 then
    when = when + BULK
  end
  redis.call('ZADD', KEYS[5], string.format('%.0f', when), id)
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
