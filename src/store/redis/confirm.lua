-- Whether the conversation still is of this version here, where what follows is waited for. KEYS: 1 conversation. ARGV: 1 etag.
if string.sub(redis.call('GETRANGE', KEYS[1], 0, 16), 2) == ARGV[1] then
  return 1
end
return 0
