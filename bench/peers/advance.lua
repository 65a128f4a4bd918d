-- One ping into Redis: kept for good, and shown only when newer than what is shown.
-- KEYS: newest (hash rider -> ts), places (geo), pings (stream). ARGV: rider, ts, lat, lng, the ping as JSON.
-- Returns 1 when this ping is now the newest of its rider, else 0.
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 1000000, '*', 'p', ARGV[5])
local last = redis.call('HGET', KEYS[1], ARGV[1])
if last and tonumber(last) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('GEOADD', KEYS[2], ARGV[4], ARGV[3], ARGV[1])
return 1
