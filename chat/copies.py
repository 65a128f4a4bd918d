"""Marks of a room in Redis: a copy of what MongoDB holds, believed only while nobody is writing.

The hash has `m:{user}` → "delivered read own", `whole` once it was filled from MongoDB, and `w:{process}` → since when
(ms) that process has been writing. A reader that finds a writer asks MongoDB; a writer that died is forgotten after
WRITING_MS, when the copy is filled anew. So a crash between the two writes leaves no copy that is behind.
`whole` says in which run of Redis it was filled: after a crash of Redis, whose last second may be gone, no copy is
believed. What could not be held back while Redis did not answer is deleted as soon as it does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from redis.exceptions import RedisError

from chat import keys
from chat.unread import Mark

WRITING_MS = 10_000
_AWAY = (RedisError, OSError, TimeoutError)

READ = """
local found = {string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')}
for place, key in ipairs(KEYS) do found[place + 1] = redis.call('HGETALL', key) end
return found
"""
RAISE = """
local function raise(field, delivered, read, own)
  local held = redis.call('HGET', KEYS[1], field)
  if held then
    local d, r, o = string.match(held, '(%d+) (%d+) (%d+)')
    delivered, read = math.max(delivered, tonumber(d)), math.max(read, tonumber(r))
    own = math.max(own, tonumber(o))
  end
  redis.call('HSET', KEYS[1], field, string.format('%d %d %d', delivered, read, own))
end
"""
FINISH = RAISE + """
for place = 3, #ARGV, 4 do
  raise(ARGV[place], tonumber(ARGV[place + 1]), tonumber(ARGV[place + 2]), tonumber(ARGV[place + 3]))
end
redis.call('HDEL', KEYS[1], 'w:' .. ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
"""
FILL = RAISE + """
local now, fields = tonumber(ARGV[1]), redis.call('HGETALL', KEYS[1])
for place = 1, #fields, 2 do
  if string.sub(fields[place], 1, 2) == 'w:' then
    if now - tonumber(fields[place + 1]) < tonumber(ARGV[2]) then return 0 end
    redis.call('HDEL', KEYS[1], fields[place])
  end
end
for place = 5, #ARGV, 4 do
  raise(ARGV[place], tonumber(ARGV[place + 1]), tonumber(ARGV[place + 2]), tonumber(ARGV[place + 3]))
end
redis.call('HSET', KEYS[1], 'whole', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

logger = structlog.get_logger(__name__)
Marks = Mapping[str, Mark]


class MarkCopies:
    """Where Redis does not answer, nothing is known; writers go on, and their copies run out."""

    def __init__(self, redis: Any, prefix: str, process: str) -> None:
        self._redis, self._prefix, self._process = redis, prefix, process
        self._finish, self._fill = redis.register_script(FINISH), redis.register_script(FILL)
        self._read = redis.register_script(READ)
        self._run = ""  # of Redis, when it was asked last
        self._behind: set[str] = set()  # rooms whose copies could not be held back

    async def read(self, rooms: Sequence[str]) -> dict[str, dict[str, Mark]]:
        """The marks of those rooms whose copy can be believed, by room and user."""
        behind = list(self._behind)
        try:
            if behind:
                await self._redis.delete(*(keys.marks(self._prefix, room) for room in behind))
            run, *found = await self._read(keys=[keys.marks(self._prefix, room) for room in rooms])
            self._behind.difference_update(behind)
        except _AWAY as error:
            logger.warning("copies of marks could not be read", error=repr(error))
            return {}
        believed, self._run = {}, run.decode()
        for room, flat in zip(rooms, found, strict=True):
            fields = dict(zip(flat[::2], flat[1::2], strict=True))
            if fields.get(b"whole") == run and not any(name.startswith(b"w:") for name in fields):
                believed[room] = {
                    name[2:].decode(): Mark(*map(int, of.split())) for name, of in fields.items() if name[:2] == b"m:"
                }
        return believed

    async def begin(self, rooms: Sequence[str], now_ms: int) -> None:
        """Before MongoDB is written: nobody shall believe the copies."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for room in rooms:
                    pipe.hset(keys.marks(self._prefix, room), f"w:{self._process}", now_ms)
                    pipe.expire(keys.marks(self._prefix, room), keys.COPY_LIFE_S)
                await pipe.execute()
        except _AWAY as error:
            self._behind.update(rooms)
            logger.warning("copies of marks could not be held back", error=repr(error))

    async def finish(self, rooms: Mapping[str, Marks]) -> None:
        """After MongoDB was written: the copies are as good as before."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for room, marks in rooms.items():
                    args = [self._process, keys.COPY_LIFE_S, *_flat(marks)]
                    await self._finish(keys=[keys.marks(self._prefix, room)], args=args, client=pipe)
                await pipe.execute()
        except _AWAY as error:
            logger.warning("marks could not be copied", error=repr(error))

    async def fill(self, room: str, marks: Marks, now_ms: int) -> None:
        """What MongoDB said, unless somebody is writing."""
        try:
            args = [now_ms, WRITING_MS, keys.COPY_LIFE_S, self._run, *_flat(marks)]
            await self._fill(keys=[keys.marks(self._prefix, room)], args=args)
        except _AWAY as error:
            logger.warning("marks could not be copied", error=repr(error))

def _flat(marks: Marks) -> list[str | int]:
    return [part for user, mark in marks.items() for part in (f"m:{user}", mark.delivered, mark.read, mark.own)]
