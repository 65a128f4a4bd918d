"""Who is here: a lease in Redis for each socket of a person, renewed while the socket stands, 15 s longer than needed.

A sorted set per person, connection → until when (ms) it counts. A socket that ends leaves its lease 15 s of grace, and
so does one whose process was killed; whoever has a lease is online, on however many devices. `run` writes what changed
in one round trip, and tells the other processes about people who came or went.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from redis.exceptions import RedisError

from chat import keys
from live.relay import Relay
from live.together import Together

GRACE_MS, RENEW_S = 15_000, 10.0
KEPT_S = 30 * 86_400  # so long "last seen" is known
MOST_LEASES = 20
LEASES_A_WRITE = 250  # one script keeps Redis for a millisecond; commands for 4000 people kept every socket for 0.4 s
FLUSH_S = 0.05
HOLD = """
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, ARGV[2 * i + 1], ARGV[2 * i + 2])
  redis.call('ZREMRANGEBYRANK', key, 0, -ARGV[1] - 1)
  redis.call('EXPIRE', key, ARGV[2])
end
"""
READ = """
local untils = {}
for place, key in ipairs(KEYS) do
  untils[place] = tonumber(redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] or 0)
end
return untils
"""
_AWAY = (RedisError, OSError, TimeoutError)
logger = structlog.get_logger(__name__)


def last_seen(until_ms: int) -> int:
    """When somebody who counts as here until then was surely here."""
    return until_ms - GRACE_MS


class Attendance:
    """The people (`role:sub`) with a socket in this process, and a reader for all others."""

    def __init__(self, redis: Any, prefix: str, relay: Relay, now_ms: Callable[[], int]) -> None:
        self._redis, self._prefix, self._relay, self._now_ms = redis, prefix, relay, now_ms
        self._here: dict[str, set[str]] = {}
        self._moves: dict[tuple[str, str], int] = {}
        self._news: set[str] = set()
        self._awake = asyncio.Event()
        self._hold = redis.register_script(HOLD)
        self._untils = redis.register_script(READ)
        self.until = Together(self._read).ask

    def came(self, person: str, connection: str) -> None:
        """A socket of this person is authenticated here."""
        at = self._here.setdefault(person, set())
        if not at:
            self._news.add(person)
        at.add(connection)
        self._move(person, connection, self._lease())

    def went(self, person: str, connection: str) -> None:
        """A socket of theirs ended: the grace begins."""
        at = self._here.get(person, set())
        at.discard(connection)
        if not at and self._here.pop(person, None) is not None:
            self._news.add(person)
        self._move(person, connection, self._now_ms() + GRACE_MS)

    async def run(self) -> None:
        """Write leases for ever; at the end, those of all who are here get no more than the grace."""
        try:
            while True:
                try:
                    async with asyncio.timeout(RENEW_S):
                        await self._awake.wait()
                    await asyncio.sleep(FLUSH_S)
                except TimeoutError:
                    self._renew()
                self._awake.clear()
                await self._flush()
        finally:
            for person, connections in self._here.items():
                for connection in connections:
                    self._moves[person, connection] = self._now_ms() + GRACE_MS
            await self._flush()

    def _lease(self) -> int:
        return self._now_ms() + GRACE_MS + round(RENEW_S * 1000)

    def _renew(self) -> None:
        until = self._lease()
        for person, connections in self._here.items():
            for connection in connections:
                self._moves.setdefault((person, connection), until)

    def _move(self, person: str, connection: str, until_ms: int) -> None:
        self._moves[person, connection] = until_ms
        self._awake.set()

    async def _flush(self) -> None:
        moves, self._moves = self._moves, {}
        news, self._news = self._news, set()
        if not moves:
            return
        leases = [(person, connection, until) for (person, connection), until in moves.items()]
        try:
            for at in range(0, len(leases), LEASES_A_WRITE):
                await self._write(leases[at : at + LEASES_A_WRITE])
        except _AWAY as error:
            logger.warning("who is here could not be written", leases=len(leases), error=repr(error))
            self._moves = moves | self._moves
            self._news |= news
            return
        last: dict[str, int] = {}
        for person, _, until in leases:
            if person in news:
                last[person] = max(until, last.get(person, 0))
        if last:
            await self._relay.publish_many([(keys.here_topic(who), str(until).encode()) for who, until in last.items()])

    async def _write(self, leases: Sequence[tuple[str, str, int]]) -> None:
        args: list[str | int] = [MOST_LEASES, KEPT_S]
        for _, connection, until in leases:
            args += (until, connection)
        await self._hold(keys=[keys.here(self._prefix, person) for person, _, _ in leases], args=args)

    async def _read(self, people: Sequence[str]) -> dict[str, int]:
        """Until when each of them counts as here; 0 for who never was, nobody when Redis does not answer."""
        try:
            found = await self._untils(keys=[keys.here(self._prefix, person) for person in people])
        except _AWAY as error:
            logger.warning("who is here could not be read", people=len(people), error=repr(error))
            return {}
        return dict(zip(people, found, strict=True))
