-- Puts the oldest item of a conversation off to a time. KEYS: the seven. ARGV: 1 outbox id, 2 until in ms.
if redis.call('ZSCORE', KEYS[5], ARGV[1]) then
  put_off(ARGV[1], ARGV[2])
end
return 1
