-- Keeps what came of an attempt. Answers 1 where it changed something, 0 where not.
-- KEYS: the seven; 8 the shard's owner, 9 what is known of the item as sent.
-- ARGV: 1 fence, 2 outbox id, 3 attempts before this one, 4 accepted | delivered | retry | throttled | ambiguous | failed, 5 now in ms,
--       6 again at in ms, 7 the state's word, 8 the provider's code, 9 seconds to remember, 10 rank of failed.
local id, what = ARGV[2], ARGV[4]
if redis.call('HEXISTS', KEYS[3], id) == 0 then
  return 0
end
if what == 'accepted' then
  finish(id)
  redis.call('SET', KEYS[9], '0', 'EX', ARGV[9])
  note(ARGV[5], id, ARGV[7], '')
  return 1
end
if what == 'delivered' then
  finish(id)
  return 1
end

local l = ledger_of(id)
local before = tonumber(ARGV[3])
local ours = l.n == before + 1 and l.fence == ARGV[1]
if not ours and l.n == before then
  local owner = redis.call('GET', KEYS[8])
  ours = owner and string.match(owner, '^(%d+):') == ARGV[1]
end
if not ours then
  return 0
end
if what == 'failed' then
  finish(id)
  redis.call('SET', KEYS[9], ARGV[10], 'EX', ARGV[9])
  note(ARGV[5], id, ARGV[7], ARGV[8])
elseif l.stopped == '1' then
  finish(id)
  note(ARGV[5], id, 'cancelled', '')
else
  l.standing = what == 'ambiguous' and 'a' or 'w'
  l.throttled = l.throttled + (what == 'throttled' and 1 or 0)
  keep_ledger(id, l)
  put_off(id, ARGV[6])
end
return 1
