-- Says that a node lives, forgets those that do not, and answers how many do. By Redis's clock: the nodes' own may differ.
-- KEYS: 1 nodes. ARGV: 1 node, 2 ms to live, 3 how the names of its lives before begin ('' none): they are over.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[3] ~= '' then
  for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if string.sub(name, 1, #ARGV[3]) == ARGV[3] then
      redis.call('ZREM', KEYS[1], name)
    end
  end
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
return redis.call('ZCARD', KEYS[1])
