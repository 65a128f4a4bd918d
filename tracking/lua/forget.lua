--[[ Take fields out of hashes, unless they have changed since the caller looked.
KEYS 1 the hash that was looked at  2.. others that have the same fields
ARGV pairs: field, what its value begins with
Returns how many were taken out. ]]
local gone = 0
for i = 1, #ARGV, 2 do
  local value = redis.call('HGET', KEYS[1], ARGV[i])
  if value and value:sub(1, #ARGV[i + 1]) == ARGV[i + 1] then
    for _, key in ipairs(KEYS) do redis.call('HDEL', key, ARGV[i]) end
    gone = gone + 1
  end
end
return gone
