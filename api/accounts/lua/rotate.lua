-- A genuine refresh token is shown. KEYS: the login. ARGV: its number, now (ms), for how long (ms) the one before still works.
-- Answers the number of the token to hand out, -1 when an old one came back, -2 when the session is over.
local number, rotated = unpack(redis.call('HMGET', KEYS[1], 'number', 'rotated'))
if not number then return -2 end
local held, shown, now = tonumber(number), tonumber(ARGV[1]), tonumber(ARGV[2])
if shown == held then
  redis.call('HSET', KEYS[1], 'number', held + 1, 'rotated', ARGV[2])
  return held + 1
end
if shown == held - 1 and now - tonumber(rotated) <= tonumber(ARGV[3]) then return held end
return -1
