-- Puts the oldest item of a conversation off to a time; one that waits longer already, for a receipt, goes on doing so.
-- KEYS: the seven. ARGV: 1 outbox id, 2 until in ms.
local score = redis.call('ZSCORE', KEYS[5], ARGV[1])
if score and tonumber(score) % BAND < tonumber(ARGV[2]) then
  put_off(ARGV[1], ARGV[2])
end
return 1
