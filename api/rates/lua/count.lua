-- One more request in this window. KEYS: the counter. ARGV: the window's length (ms).
-- Answers how many there are now, and how long (ms) the window still lasts. A counter without an end is given one.
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
