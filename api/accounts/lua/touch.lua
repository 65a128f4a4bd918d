-- A session is used. KEYS: the user's record, the login. ARGV: now (ms), idle time (ms), now as text, 1 to count it as use.
-- Answers how many ms it has left if nobody uses it, 0 when it is over.
local ends, active = unpack(redis.call('HMGET', KEYS[2], 'ends', 'active'))
if not ends or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local now, idle = tonumber(ARGV[1]), tonumber(ARGV[2])
local left = math.min(tonumber(active) + idle, tonumber(ends)) - now
if left <= 0 then return 0 end
if ARGV[4] == '1' and now > tonumber(active) then
  left = math.min(idle, tonumber(ends) - now)
  redis.call('HSET', KEYS[2], 'active', ARGV[1])
  redis.call('PEXPIRE', KEYS[2], left)
  redis.call('HSET', KEYS[1], 'lastActive', ARGV[3])
end
return left
