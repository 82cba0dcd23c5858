-- Takes an alias away, where it still leads there. Answers 1 where it did. KEYS: 1 alias. ARGV: 1 the id it must lead to.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
