--[[ Take the riders who were not heard of since a moment off the list, so that each silence is told once.
KEYS 1 heard riders   ARGV 1 not heard since, ms  2 at most so many
Returns {rider, last heard (ms), rider, last heard, ...} ]]
local silent = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #silent, 2 do redis.call('ZREM', KEYS[1], silent[i]) end
return silent
