-- Keeps a turn, at once or not at all. Answers a number and what is there: 1 done, 2 was done before,
--       0 stale, 3 the id is an alias; what is there stands only beside 0.
-- KEYS: the seven; 8 wakes, 9 alias; from 10 for each item what is known of it as sent.
-- ARGV: 1 etag expected ('' none), 2 the conversation with its header, 3 its id, 4 wake in ms ('' never), 5 the journal's entry,
--       6 whether waiting items are cancelled, 7 now in ms, 8 whether the id must not be an alias; then for each item: id, line of
--       `waiting`, value, place in `ready` where it is the first.
local etag = string.sub(redis.call('GETRANGE', KEYS[1], 0, 16), 2)
if etag == string.sub(ARGV[2], 2, 17) then
  return { 2, '' }
end
-- The alias, and what the items are known of as sent: mostly none is there, and one question tells.
local n_known = redis.call('EXISTS', unpack(KEYS, 9))
if n_known > 0 and ARGV[8] == '1' and redis.call('EXISTS', KEYS[9]) == 1 then
  return { 3, '' }
end
if etag ~= ARGV[1] then
  return { 0, redis.call('GET', KEYS[1]) }
end

redis.call('SET', KEYS[1], ARGV[2])
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[8], ARGV[3])
else
  redis.call('ZADD', KEYS[8], ARGV[4], ARGV[3])
end

if ARGV[6] == '1' then
  for _, text in ipairs(redis.call('LRANGE', KEYS[6], 0, -1)) do
    local entry = entry_of(text)
    if entry.stop == 's' then
      local l = ledger_of(entry.id)
      if l.standing == 'u' then
        l.stopped = '1'
        keep_ledger(entry.id, l)
      else
        remove(entry)
        note(ARGV[7], entry.id, 'cancelled', '')
      end
    end
  end
  lift()
end

redis.call('XADD', KEYS[2], '*', 'c', ARGV[3], 'v', ARGV[5])

local n_items = (#ARGV - 8) / 4
for i = 1, n_items do
  local id, text, value, first = ARGV[5 + 4 * i], ARGV[6 + 4 * i], ARGV[7 + 4 * i], ARGV[8 + 4 * i]
  -- A turn that is run again gives the same ids: what waits or was sent is not put in twice.
  if (n_known == 0 or redis.call('EXISTS', KEYS[9 + i]) == 0) and redis.call('HSETNX', KEYS[3], id, value) == 1 then
    if redis.call('RPUSH', KEYS[6], text) == 1 then
      redis.call('ZADD', KEYS[5], first, id)
    else
      joined(first)
    end
  end
end
return { 1, '' }
