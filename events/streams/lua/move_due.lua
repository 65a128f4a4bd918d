-- Those that have waited long enough go back to their queue, in order of their due time.
-- KEYS[1] later (sorted set), KEYS[2] the queue's stream. ARGV[1] now in ms, ARGV[2] how many at most, ARGV[3] the field.
-- Answers how many moved.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, entry in ipairs(due) do
  redis.call('XADD', KEYS[2], '*', ARGV[3], entry)
  redis.call('ZREM', KEYS[1], entry)
end
return #due
