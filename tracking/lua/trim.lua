--[[ Acknowledge stream entries for one group, and delete those that no other group still needs.
Entries are held for the others only while no more than `hold` bytes wait: who is too slow loses entries, nobody is blocked.
`args` holds pairs from `from` on: entry id, its bytes. Counts what is deleted off the backlog. ]]
local function fields(flat)
  local named = {}
  for i = 1, #flat, 2 do named[flat[i]] = flat[i + 1] end
  return named
end

local function after(id, other) -- is the entry id greater?
  local ms, n = id:match('(%d+)-(%d+)')
  local oms, on = other:match('(%d+)-(%d+)')
  ms, n, oms, on = tonumber(ms), tonumber(n), tonumber(oms), tonumber(on)
  return ms > oms or (ms == oms and n > on)
end

local function needed(stream, groups, id)
  for _, other in ipairs(groups) do
    if after(id, other['last-delivered-id']) then return true end
    if #redis.call('XPENDING', stream, other.name, id, id, 1) > 0 then return true end
  end
  return false
end

local function trim(stream, backlog, group, hold, args, from)
  local others = {}
  if tonumber(redis.call('GET', backlog) or '0') <= tonumber(hold) then
    for _, flat in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
      local other = fields(flat)
      if other.name ~= group then others[#others + 1] = other end
    end
  end
  local gone = 0
  for i = from, #args, 2 do
    redis.call('XACK', stream, group, args[i])
    if not needed(stream, others, args[i]) and redis.call('XDEL', stream, args[i]) == 1 then
      gone = gone + tonumber(args[i + 1])
    end
  end
  if gone > 0 and redis.call('DECRBY', backlog, gone) < 0 then redis.call('SET', backlog, 0) end
end
