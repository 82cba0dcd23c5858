-- Keeps a provider's word, forward only; finishes an item that was begun. Answers 1 forward, 2 known already, 0 no change.
-- KEYS: the seven; 8 what is known of the item as sent.
-- ARGV: 1 outbox id, 2 rank, 3 the state's word, 4 at in ms, 5 seconds to remember, 6 rank of failed.
local id = ARGV[1]
local sent = redis.call('GET', KEYS[8])
local begun = ledger_of(id).n > 0 and redis.call('HEXISTS', KEYS[3], id) == 1
if begun then
  finish(id)
end
if sent then
  if sent == ARGV[2] then
    return 2
  end
  if sent == ARGV[6] or tonumber(ARGV[2]) <= tonumber(sent) then
    return 0
  end
elseif not begun then
  return 0
end
redis.call('SET', KEYS[8], ARGV[2], 'EX', ARGV[5])
note(ARGV[4], id, ARGV[3], '')
return 1
