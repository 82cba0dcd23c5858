-- Puts a tombstone in the place of a conversation and drops its outbox and wake. Answers 1 done, 2 was done before, 0 stale.
-- KEYS: the seven; 8 wakes.
-- ARGV: 1 etag expected, 2 the tombstone with its header ('' none is left), 3 the conversation's id, 4 the journal's line ('' none).
local etag = string.sub(redis.call('GETRANGE', KEYS[1], 0, 16), 2)
if ARGV[2] ~= '' and etag == string.sub(ARGV[2], 2, 17) then
  return 2
end
if etag ~= ARGV[1] then
  return 0
end
for _, text in ipairs(redis.call('LRANGE', KEYS[6], 0, -1)) do
  remove(entry_of(text))
end
redis.call('ZREM', KEYS[8], ARGV[3])
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2])
end
if ARGV[4] ~= '' then
  redis.call('XADD', KEYS[2], '*', 'c', ARGV[3], 'v', ARGV[4])
end
return 1
