--[[ What fences told of these entries is stored: keep the riders' new states, acknowledge, trim. All of it or nothing, and
nothing when another worker holds the lease by now. Stands behind trim.lua.
KEYS 1 stream  2 bytes waiting in it  3 the lease  4 riders' states
ARGV 1 group  2 who holds the lease  3 its life, ms  4 most bytes held for other groups  5 how many arguments follow for
     states, then pairs: rider, state  then pairs: entry id, its bytes
Returns 1, or 0 when the lease is lost. ]]
local holder = redis.call('GET', KEYS[3])
if holder == false then
  redis.call('SET', KEYS[3], ARGV[2])
elseif holder ~= ARGV[2] then
  return 0
end
redis.call('PEXPIRE', KEYS[3], ARGV[3])
local first, last = 6, 5 + tonumber(ARGV[5])
for from = first, last, 2000 do -- more would not fit on Lua's stack
  redis.call('HSET', KEYS[4], unpack(ARGV, from, math.min(from + 1999, last)))
end
if redis.call('EXISTS', KEYS[1]) == 1 then trim(KEYS[1], KEYS[2], ARGV[1], ARGV[4], ARGV, last + 1) end
return 1
