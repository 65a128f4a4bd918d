--[[ Store one flush: every rider's new state, the points, the position index, the news. All of it, or nothing when another
process has changed a rider meanwhile (the caller then leaves that rider out). Redis is asked about all riders at once,
and strings are put together by the caller: what is done here for each rider is a comparison.

KEYS 1 stream  2 bytes waiting in it  3 heard riders  4 serving processes  5 riders' states  6 watched riders
ARGV 1 riders in this flush  2 most bytes that may wait in the stream  3 life of a position bucket, s
     4 "1" when the caller must know the stream's last id  5 the points ("" = none)
     6 our origin: when we are the only process on the list of those that serve, nobody needs the news
     7 "1" when the news are here
     then three for each rider: id, version expected ("" = none), new version and state
     then the number of riders to enter as heard of, and for each: now in ms, rider id
     then the number of position buckets, and for each: its key, how many arguments follow, lng, lat, rider id, ...
     then pairs to the end: channel, news
Returns false when the stream is full, {0, index of a conflicting rider, ...}, {1} when the news are needed and not here, or
{last stream id or "", "1" when others serve, {for each rider: watched until (ms) or nil}} ]]
local call = redis.call
if tonumber(call('GET', KEYS[2]) or '0') > tonumber(ARGV[2]) then return false end
local alone = call('ZCARD', KEYS[4]) == 1 and call('ZSCORE', KEYS[4], ARGV[6])
if not alone and ARGV[7] ~= '1' then return { 1 } end

local n = tonumber(ARGV[1])
local riders, states, conflicts = {}, {}, { 0 }
for i = 1, n do
  local at = 5 + 3 * i
  riders[i] = ARGV[at]
  states[2 * i - 1], states[2 * i] = ARGV[at], ARGV[at + 2]
end
local had = call('HMGET', KEYS[5], unpack(riders))
for i = 1, n do
  local expected = ARGV[6 + 3 * i]
  if (had[i] and had[i]:sub(1, #expected) or '') ~= expected or (had[i] and expected == '') then
    conflicts[#conflicts + 1] = i
  end
end
if #conflicts > 1 then return conflicts end
call('HSET', KEYS[5], unpack(states))

local at = 9 + 3 * n
local heard = tonumber(ARGV[at - 1])
if heard > 0 then call('ZADD', KEYS[3], unpack(ARGV, at, at + 2 * heard - 1)) end
at = at + 2 * heard + 1
for _ = 1, tonumber(ARGV[at - 1]) do
  local bucket, many = ARGV[at], tonumber(ARGV[at + 1])
  call('GEOADD', bucket, unpack(ARGV, at + 2, at + 1 + many))
  call('EXPIRE', bucket, ARGV[3])
  at = at + 2 + many
end

local last = ''
if ARGV[5] ~= '' then
  last = call('XADD', KEYS[1], '*', 'b', ARGV[5])
  call('INCRBY', KEYS[2], #ARGV[5])
elseif ARGV[4] == '1' then
  local newest = call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  last = newest[1] and newest[1][1] or ''
end
if not alone then
  for i = at, #ARGV, 2 do call('PUBLISH', ARGV[i], ARGV[i + 1]) end
end
return { last, alone and '' or '1', call('HMGET', KEYS[6], unpack(riders)) }
