-- Notes an attempt. Answers 1 go, 2 superseded or cancelled (finished), 0 not ours.
-- KEYS: the seven; 8 the shard's owner.
-- ARGV: 1 fence, 2 outbox id, 3 attempts known, 4 the epoch it must still be (8 bytes; '' any), 5 now in ms, 6 under way until in ms.
local owner = redis.call('GET', KEYS[8])
if not owner or string.match(owner, '^(%d+):') ~= ARGV[1] then
  return 0
end
if redis.call('HEXISTS', KEYS[3], ARGV[2]) == 0 or not is_head(ARGV[2]) then
  return 0
end
local l = ledger_of(ARGV[2])
if l.n ~= tonumber(ARGV[3]) then
  return 0
end
-- Found due, and read only after an attempt had moved it: the number of attempts alone does not tell.
if tonumber(redis.call('ZSCORE', KEYS[5], ARGV[2]) or '0') % BAND > tonumber(ARGV[5]) then
  return 0
end
local given_up
if l.stopped == '1' then
  given_up = 'cancelled'
elseif ARGV[4] ~= '' and redis.call('GETRANGE', KEYS[1], 17, 24) ~= ARGV[4] then
  given_up = 'superseded'
end
if given_up then
  finish(ARGV[2])
  note(ARGV[5], ARGV[2], given_up, '')
  return 2
end
l.n = l.n + 1
l.fence = ARGV[1]
l.standing = 'u'
keep_ledger(ARGV[2], l)
move(ARGV[2], ARGV[6])
return 1
