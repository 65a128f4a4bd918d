--[[ Riders have a connection until a time, and are looked at for so long.
KEYS their connections, one sorted set a rider
ARGV 1 connection  2 until (s)  3 life of the set (s) ]]
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, ARGV[2], ARGV[1])
  redis.call('EXPIRE', key, ARGV[3])
end
