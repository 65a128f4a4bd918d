"""Where every rider is now, in Redis: state by compare-and-set, position buckets, who watches, who is heard of.

Every verb that Redis cannot answer in time raises StoreDown: whether it happened is then unknown; asking again is safe.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from geo.point import distance_m
from tracking import flush, keys
from tracking.flush import GEO_LAT, VERSION_BYTES, Advanced, Held, Move
from tracking.keys import Arg
from tracking.messages import Fix
from tracking.scripts import Evaluator, Script

SILENT_AFTER_S = 120.0  # a rider without a fix for so long is nowhere near anything
HEARD_EVERY_S = 5.0  # how often a rider who reports is entered anew among those heard of
ATTEMPT_S = 1.5
MAX_BACKLOG_BYTES = 256 * 2**20
RIDERS_A_CALL = 250  # a script over so many keeps Redis for less than a millisecond

class StoreDown(Exception):
    """Redis did not answer, or refused to write; the message says what happened."""


def cancellations() -> int:
    """How often this task was asked to end."""
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def raise_if_cancelled(before: int) -> None:
    """redis-py swallows a cancellation that falls into its connecting: the task would never end. So we end it."""
    if cancellations() > before:
        raise asyncio.CancelledError


@asynccontextmanager
async def _answer_in_time() -> AsyncIterator[None]:
    """One attempt, bounded; whatever breaks becomes StoreDown."""
    before = cancellations()
    try:
        async with asyncio.timeout(ATTEMPT_S):
            yield
    except (RedisError, OSError, TimeoutError) as error:
        raise_if_cancelled(before)
        raise StoreDown(f"Redis did not answer: {type(error).__name__}: {error}") from error
    raise_if_cancelled(before)


class TrackingStore:
    """The verbs of "now". `origin` names this process in what it publishes; `line` carries the flushes when given."""

    def __init__(
        self, redis: Redis, prefix: str, *, line: Evaluator | None = None, max_backlog_bytes: int = MAX_BACKLOG_BYTES,
        heard_every_s: float = HEARD_EVERY_S,
    ) -> None:
        self.redis, self.prefix = redis, prefix
        self._line: Evaluator = redis if line is None else line
        self.origin = secrets.token_hex(6)
        self.writer = flush.Writer(prefix, self.origin, round(1000 * heard_every_s))
        self._advance, self._silent = Script("advance"), Script("silent")
        self._online, self._who_is_online = Script("online"), Script("who_is_online")
        self._riders, self._watched = keys.riders(prefix), keys.watched(prefix)
        self._keys = [
            keys.stream(prefix), keys.backlog(prefix), keys.heard(prefix), keys.serving(prefix), self._riders,
            self._watched,
        ]
        self.has_company = True  # whether other processes serve too, as Redis last said
        self.max_backlog_bytes = max_backlog_bytes

    async def enlist(self, ttl_s: float) -> bool:
        """Be on the list of serving processes for `ttl_s`, before subscribing to others' news; was it not on it before?

        While a process is alone on the list its flushes are not published: nobody but itself would hear them.
        """
        key, now_s = keys.serving(self.prefix), time.time()
        async with _answer_in_time():
            pipe = self.redis.pipeline(transaction=True)
            pipe.zremrangebyscore(key, "-inf", now_s)
            pipe.zadd(key, {self.origin: now_s + ttl_s})
            _, added = await pipe.execute()
        return bool(added)

    async def resign(self) -> None:
        """This process serves no longer."""
        async with _answer_in_time():
            await self.redis.zrem(keys.serving(self.prefix), self.origin)

    async def load(self, riders: Sequence[str]) -> list[Held]:
        """Each rider's state and version, in order; an unknown rider is empty at version ""."""
        async with _answer_in_time():
            blobs: Any = await self.redis.hmget(self._riders, list(riders))
        return [flush.read(blob) for blob in blobs]

    async def advance(self, moves: list[Move], now_ms: int, *, need_last_id: bool = False) -> Advanced:
        """Store one flush, each rider all or nothing, and publish it. A stored move's `held` has its new version."""
        going, until, last_id = moves, dict[str, int](), ""
        while going:
            args = self._arguments(going, now_ms, need_last_id)
            async with _answer_in_time():
                answer = await self._advance.run(self._line, self._keys, args)
            if answer is None:
                return Advanced(True, "", [None] * len(moves))
            if answer[0] == 0:
                conflicting = {at - 1 for at in answer[1:]}
                going = [move for at, move in enumerate(going) if at not in conflicting]
                continue
            if answer[0] == 1:
                self.has_company = True
                continue
            last_id, self.has_company = answer[0].decode(), bool(answer[1])
            for move, until_ms in zip(going, answer[2], strict=True):
                move.held.version = move.stored[:VERSION_BYTES]
                until[move.rider] = int(until_ms or 0)
            break
        return Advanced(False, last_id, [until.get(move.rider) for move in moves])

    def _arguments(self, moves: list[Move], now_ms: int, need_last_id: bool) -> list[Arg]:
        """What lua/advance.lua is told, in its order."""
        told = self.has_company
        return [
            len(moves), self.max_backlog_bytes, keys.BUCKET_TTL_S, "1" if need_last_id else "0", flush.points_of(moves),
            self.origin, "1" if told else "0", *flush.states_of(moves), *flush.heard_of(moves, now_ms),
            *flush.places_of(moves), *(flush.news_of(moves, self.prefix, self.origin) if told else ()),
        ]

    async def newest(self, riders: Sequence[str]) -> dict[str, Fix]:
        """The newest fix of each of these riders that has one."""
        if not riders:
            return {}
        held = await self.load(riders)
        return {rider: each.state.newest for rider, each in zip(riders, held, strict=True) if each.state.newest}

    async def near(
        self, lat: float, lng: float, radius_m: float, limit: int, *, now_ms: int | None = None
    ) -> list[tuple[Fix, float]]:
        """Riders within `radius_m` and not silent, nearest first, each with the exact distance in metres."""
        now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        since_ms = now_ms - int(1000 * SILENT_AFTER_S)
        ask = 2 * limit
        while True:
            names, truncated = await self._candidates(lat, lng, radius_m, since_ms, now_ms, ask)
            found = [(fix, distance_m(lat, lng, fix.lat, fix.lng)) for fix in (await self.newest(names)).values()]
            near = [(fix, away_m) for fix, away_m in found if away_m <= radius_m and fix.ts >= since_ms]
            near.sort(key=lambda each: (each[1], each[0].rider))
            # Moved-away and silent riders took places among the candidates: ask for more until they do not matter.
            if len(near) >= limit or not truncated:
                return near[:limit]
            ask *= 4

    async def _candidates(
        self, lat: float, lng: float, radius_m: float, since_ms: int, now_ms: int, ask: int
    ) -> tuple[list[str], bool]:
        """Names within the radius (plus the index's error) in the buckets of the time span; are there more?"""
        north = max(-GEO_LAT, min(GEO_LAT, lat))
        spans = range(since_ms // keys.BUCKET_MS, (now_ms + 60_000) // keys.BUCKET_MS + 1)
        async with _answer_in_time():
            pipe = self.redis.pipeline(transaction=False)
            for span in spans:
                pipe.geosearch(
                    keys.bucket(self.prefix, span * keys.BUCKET_MS), longitude=lng, latitude=north,
                    radius=radius_m * 1.006 + 1.0, unit="m", sort="ASC", count=ask,
                )
            rows = await pipe.execute()
        names = dict.fromkeys(name.decode() for row in rows for name in row)
        return list(names), any(len(row) >= ask for row in rows)

    async def mark_watched(self, riders: Sequence[str], ttl_s: float) -> None:
        """Somebody looks at these riders: until `ttl_s` from now their phones are told to report often."""
        if not riders:
            return
        until_ms = int((time.time() + ttl_s) * 1000)
        async with _answer_in_time():
            await self.redis.hset(self._watched, mapping=dict.fromkeys(riders, until_ms))

    async def online(self, riders: Sequence[str], connection: str, ttl_s: float) -> None:
        """The riders have this connection; say so again within `ttl_s`, or a dead process would keep them online."""
        until_s = time.time() + ttl_s
        for at in range(0, len(riders), RIDERS_A_CALL):
            async with _answer_in_time():
                here = [keys.online(self.prefix, rider) for rider in riders[at : at + RIDERS_A_CALL]]
                await self._online.run(self.redis, here, [connection, until_s, int(ttl_s) + 60])

    async def offline(self, rider: str, connection: str) -> None:
        """This connection has ended."""
        async with _answer_in_time():
            await self.redis.zrem(keys.online(self.prefix, rider), connection)

    async def who_is_online(self, riders: Sequence[str]) -> set[str]:
        """Those of the riders with a live connection to any process."""
        found: set[str] = set()
        for at in range(0, len(riders), RIDERS_A_CALL):
            some = riders[at : at + RIDERS_A_CALL]
            async with _answer_in_time():
                asked = [keys.online(self.prefix, rider) for rider in some]
                counts = await self._who_is_online.run(self.redis, asked, [time.time()])
            found.update(rider for rider, count in zip(some, counts, strict=True) if count)
        return found

    async def heard_since(self, since_ms: int) -> list[str]:
        """Riders who reported since then and have not been called silent, the longest quiet first."""
        async with _answer_in_time():
            names: Any = await self.redis.zrange(keys.heard(self.prefix), since_ms, "+inf", byscore=True)
        return [name.decode() for name in names]

    async def count_heard_since(self, since_ms: int) -> int:
        """How many riders reported since then."""
        async with _answer_in_time():
            count: int = await self.redis.zcount(keys.heard(self.prefix), since_ms, "+inf")
        return count

    async def newly_silent(self, silent_after_s: float = SILENT_AFTER_S, limit: int = 500) -> list[tuple[str, int]]:
        """(rider, last heard of in ms) for riders who fell silent; each silence is given to one caller, once."""
        before_ms = int((time.time() - silent_after_s) * 1000)
        async with _answer_in_time():
            row = await self._silent.run(self.redis, [keys.heard(self.prefix)], [before_ms, limit])
        return [(row[at].decode(), int(float(row[at + 1]))) for at in range(0, len(row), 2)]

    async def last_heard_ms(self, rider: str) -> int | None:
        """When a rider was last heard of; None for one who has not been for long."""
        async with _answer_in_time():
            score = await self.redis.zscore(keys.heard(self.prefix), rider)
        return None if score is None else int(score)

    async def run_id(self) -> str:
        """Which life of the server this is: it changes when Redis was restarted."""
        async with _answer_in_time():
            info = await self.redis.info("server")
        return str(info["run_id"])
