-- Counts one more within a window that begins with the first. KEYS: 1 counter. ARGV: 1 seconds.
local n = redis.call('INCR', KEYS[1])
if n == 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return n
