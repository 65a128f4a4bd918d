--[[ The entries are in MongoDB: acknowledge and trim them, and tell how far everything is safe. Stands behind trim.lua.
KEYS 1 stream  2 bytes waiting in it
ARGV 1 group  2 channel of the news  3 most bytes held for other groups  4.. pairs: entry id, its bytes
Publishes and returns the first id that is not in MongoDB yet. Doing it twice changes nothing. ]]
if redis.call('EXISTS', KEYS[1]) == 0 then return '' end -- Redis lost the stream: nothing to settle
trim(KEYS[1], KEYS[2], ARGV[1], ARGV[3], ARGV, 4)
local safe_before
local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
if pending[1] > 0 then
  safe_before = pending[2]
else
  local mine
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = fields(flat)
    if group.name == ARGV[1] then mine = group['last-delivered-id'] end
  end
  local next = redis.call('XRANGE', KEYS[1], '(' .. mine, '+', 'COUNT', 1)
  if next[1] then
    safe_before = next[1][1]
  else
    local ms, n = fields(redis.call('XINFO', 'STREAM', KEYS[1]))['last-generated-id']:match('(%d+)-(%d+)')
    safe_before = string.format('%s-%d', ms, tonumber(n) + 1)
  end
end
redis.call('PUBLISH', ARGV[2], safe_before)
return safe_before
