-- Renews or gives up the lease of a shard, where it still is what this node took. Answers 1 where it was.
-- KEYS: 1 owner. ARGV: 1 what the owner must be, 2 ms to renew for ('0': give up).
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
