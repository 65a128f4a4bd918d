-- Sessions end. KEYS: the user's record, the sorted set of their logins.
-- ARGV: what the keys of logins begin with, the one to end (empty: all), the one to keep. Answers how many ended.
local ended = 0
for _, sid in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if (ARGV[2] == '' or sid == ARGV[2]) and sid ~= ARGV[3] then
    ended = ended + redis.call('DEL', ARGV[1] .. sid)
    redis.call('ZREM', KEYS[2], sid)
  end
end
if redis.call('ZCARD', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end
return ended
