--[[ For each rider the number of connections that count.
KEYS their connections, one sorted set a rider
ARGV 1 now (s) ]]
local counts = {}
for i, key in ipairs(KEYS) do counts[i] = redis.call('ZCOUNT', key, ARGV[1], '+inf') end
return counts
