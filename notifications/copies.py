"""What people have not read, copied to Redis: a storm of sockets that come back asks MongoDB nothing.

A hash per person: `rev` and `kinds` of the last tally that was committed, `next` the newest revision that was about to
be (and `since` when, ms), `run` the Redis it was filled in. It is believed when nothing newer was about to be, and in
that run alone: after a crash of Redis its last second may be gone. A writer that died before its commit, or after it,
is forgotten after WRITING_MS, when the copy is filled anew.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from redis.exceptions import RedisError

from notifications import keys
from notifications.store import Tally

WRITING_MS = 10_000
READ = """
local found = {string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')}
for place, key in ipairs(KEYS) do found[place + 1] = redis.call('HMGET', key, 'run', 'rev', 'next', 'kinds') end
return found
"""
BEGIN = """
local next = math.max(tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'next') or 0))
redis.call('HSET', KEYS[1], 'next', next, 'since', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
FINISH = """
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'rev') or -1) then
  redis.call('HSET', KEYS[1], 'rev', ARGV[1], 'kinds', ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
FILL = """
local held = redis.call('HMGET', KEYS[1], 'rev', 'next', 'since')
local rev = tonumber(ARGV[1])
if rev < tonumber(held[1] or 0) then return end
if rev < tonumber(held[2] or 0) then
  if tonumber(ARGV[5]) - tonumber(held[3] or 0) < tonumber(ARGV[6]) then return end
  redis.call('HSET', KEYS[1], 'next', rev)
end
redis.call('HSET', KEYS[1], 'rev', rev, 'kinds', ARGV[2], 'run', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
_AWAY = (RedisError, OSError, TimeoutError)
logger = structlog.get_logger(__name__)


class TallyCopies:
    """Where Redis does not answer, nothing is known; what could not be held back is deleted as soon as it does."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self._redis, self._prefix = redis, prefix
        self._read, self._begin, self._finish, self._fill = map(redis.register_script, (READ, BEGIN, FINISH, FILL))
        self._behind: set[str] = set()
        self._run = b""  # of Redis, when it was asked last

    async def read(self, users: Sequence[str]) -> dict[str, Tally]:
        """The tallies of those whose copy can be believed."""
        try:
            await self._catch_up()
            self._run, *found = await self._read(keys=[keys.tally(self._prefix, user) for user in users])
        except _AWAY as error:
            logger.warning("copies of tallies could not be read", people=len(users), error=repr(error))
            return {}
        return {
            user: Tally(int(rev), msgspec.msgpack.decode(kinds, type=dict[str, int]))
            for user, (run, rev, following, kinds) in zip(users, found, strict=True)
            if run == self._run and rev is not None and int(rev) >= int(following or 0)
        }

    async def begin(self, user: str, rev: int) -> None:
        """Before this revision is committed: nobody shall believe an older one."""
        try:
            await self._begin(keys=[keys.tally(self._prefix, user)], args=[rev, _now_ms(), keys.TALLY_LIFE_S])
        except _AWAY as error:
            self._behind.add(user)
            logger.warning("the copy of a tally could not be held back", user=user, error=repr(error))

    async def finish(self, user: str, tally: Tally) -> None:
        """After it was committed."""
        try:
            await self._catch_up()
            await self._finish(keys=[keys.tally(self._prefix, user)], args=[*_packed(tally), keys.TALLY_LIFE_S])
        except _AWAY as error:
            logger.warning("a tally could not be copied", user=user, error=repr(error))

    async def fill(self, tallies: Mapping[str, Tally]) -> None:
        """What MongoDB said, unless something newer is about to be."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for user, tally in tallies.items():
                    args = [*_packed(tally), keys.TALLY_LIFE_S, self._run, _now_ms(), WRITING_MS]
                    await self._fill(keys=[keys.tally(self._prefix, user)], args=args, client=pipe)
                await pipe.execute()
        except _AWAY as error:
            logger.warning("tallies could not be copied", people=len(tallies), error=repr(error))

    async def _catch_up(self) -> None:
        if behind := list(self._behind):
            await self._redis.delete(*(keys.tally(self._prefix, user) for user in behind))
            self._behind.difference_update(behind)


def _packed(tally: Tally) -> tuple[int, bytes]:
    return tally.rev, msgspec.msgpack.encode(tally.by_kind)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
