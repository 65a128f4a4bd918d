-- A code is tried. KEYS: the code's hash. ARGV: how many tries there are, then the MACs that would be right.
-- Answers 1 for the right one, which is gone then. After the last try it is gone too.
local kept = redis.call('HGET', KEYS[1], 'code')
if not kept then return 0 end
local tries, most = redis.call('HINCRBY', KEYS[1], 'tries', 1), tonumber(ARGV[1])
local right = 0
for place = 2, #ARGV do
  if ARGV[place] == kept then right = 1 end
end
if right == 1 or tries >= most then redis.call('DEL', KEYS[1]) end
return right
