"""The durable stream to MongoDB: read as a consumer group, join into minute chunks, and only then acknowledge and trim.

Killed at any point, nothing is lost and nothing stands twice: the next persister claims what was not acknowledged, and
joining points that are there already changes nothing. Any number may run: a chunk that another one changed meanwhile is
read again. Memory is bounded by MOST_POINTS: while MongoDB is away nothing more is read, until reports are refused.
When points come fast they gather longer: a chunk, a minute of a rider, is replaced whole, so the work is in how often.
"""

import asyncio
import os
import secrets
import time
from collections import defaultdict
from typing import Any

import msgspec
import structlog
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from tracking import keys
from tracking.chunk import MINUTE_MS, Addition, Document, chunk_id, join
from tracking.scripts import Script
from tracking.state import KeptRider
from tracking.store import cancellations, raise_if_cancelled

GROUP = "tracks"
MOST_POINTS = 60_000
FAST_A_S, LONGER = 500, 4  # from so many points a second on, they gather so many times as long
ENTRIES_A_READ = 50
REST_S = 0.1  # between two reads that were not full, when points gather anyway: a read costs Redis like twenty points
CHUNKS_A_WRITE = 500
TRIES = 50
FORGET_CONSUMER_MS = 600_000
WRITE_MS = 5000

DUPLICATE_KEY, OTHER_TTL = 11000, 85
log = structlog.get_logger()
_decode = msgspec.msgpack.Decoder(list[KeptRider]).decode


class Entry(msgspec.Struct):
    """One stream entry, with its size as the backlog counts it."""

    id: bytes
    size: int
    riders: list[KeptRider]
    points: int


class Contended(Exception):
    """Other persisters changed the same chunks again and again; the entries stay pending and are tried anew."""


class Persister:
    """One consumer of the stream. `linger_s`: how long points gather, so that a chunk is not rewritten for each;
    see `linger`."""

    def __init__(
        self, redis: Redis, db: Any, prefix: str, *, linger_s: float = 2.0, claim_after_s: float = 30.0,
        retention_s: int = 90 * 86_400,
    ) -> None:
        self.redis, self.linger_s, self.claim_after_s, self.retention_s = redis, linger_s, claim_after_s, retention_s
        self.stream, self.backlog = keys.stream(prefix), keys.backlog(prefix)
        self.news = f"{prefix}:{keys.PERSISTED}"
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        majority = WriteConcern("majority", wtimeout=WRITE_MS)
        self.tracks = db.get_collection("tracks", write_concern=majority, read_concern=ReadConcern("local"))
        self.unreadable = db.get_collection("tracks_unreadable", write_concern=majority)
        self._settle = Script("trim", "settle")
        self._buffer: list[Entry] = []
        self._claimed_s = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Persist until `stop` is set; what is in hand then is still written."""
        failures = 0
        is_set_up = False
        before = cancellations()
        while not stop.is_set() or self._buffer:
            raise_if_cancelled(before)
            try:
                if not is_set_up:
                    await self._set_up()
                    is_set_up = True
                if not self._buffer:
                    await self._gather(stop)
                await self._write()
                failures = 0
            except (PyMongoError, RedisError, OSError, TimeoutError, Contended) as error:
                log.warning("the persister waits", error=f"{type(error).__name__}: {error}", in_hand=self._points())
                is_set_up = is_set_up and "NOGROUP" not in str(error)
                failures = min(failures + 1, 6)
                if stop.is_set() and failures == 6:
                    return  # pending entries are claimed by the next persister
                await asyncio.sleep(0.1 * 2**failures)

    async def _set_up(self) -> None:
        """The consumer group from the very first entry, and the index that lets old chunks go."""
        try:
            await self.redis.xgroup_create(self.stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        try:
            await self.tracks.create_index("at", expireAfterSeconds=self.retention_s)
        except OperationFailure as error:
            if error.code != OTHER_TTL:
                raise
            index = {"keyPattern": {"at": 1}, "expireAfterSeconds": self.retention_s}
            await self.tracks.database.command("collMod", "tracks", index=index)

    def _points(self) -> int:
        return sum(entry.points for entry in self._buffer)

    async def _gather(self, stop: asyncio.Event) -> None:
        """Fill the buffer until it is full or the first points have waited `linger_s`."""
        if time.monotonic() - self._claimed_s > self.claim_after_s / 3:
            await self._claim()
        began_s, points = time.monotonic(), self._points()
        while points < MOST_POINTS:
            until_s = began_s + linger(self.linger_s, points)
            block_ms = max(1, int(1000 * min(0.5, until_s - time.monotonic()))) if self._buffer else 500
            got: Any = await self.redis.xreadgroup(
                GROUP, self.name, {self.stream: ">"}, count=ENTRIES_A_READ, block=block_ms
            )
            rows = got[0][1] if got else []  # one stream asked, one answered
            if rows and not self._buffer:
                began_s = time.monotonic()
            points += await self._take(rows)
            if stop.is_set() or time.monotonic() - began_s >= linger(self.linger_s, points):
                return
            if self.linger_s and rows and len(rows) < ENTRIES_A_READ:
                await asyncio.sleep(min(REST_S, self.linger_s))

    async def _claim(self) -> None:
        """Take over what a dead persister read and never acknowledged, and forget long dead ones."""
        self._claimed_s = time.monotonic()
        start: bytes | str = "0-0"
        while self._points() < MOST_POINTS:
            claimed: Any = await self.redis.xautoclaim(
                self.stream, GROUP, self.name, int(1000 * self.claim_after_s), start_id=start, count=ENTRIES_A_READ
            )
            start, rows = claimed[0], claimed[1]
            await self._take(rows)
            if start in (b"0-0", "0-0"):
                break
        for consumer in await self.redis.xinfo_consumers(self.stream, GROUP):
            if consumer["pending"] == 0 and consumer["idle"] > FORGET_CONSUMER_MS:
                await self.redis.xgroup_delconsumer(self.stream, GROUP, consumer["name"])

    async def _take(self, rows: list[tuple[bytes, dict[bytes, bytes] | None]]) -> int:
        """Decode entries into the buffer; how many points. One that nobody can read is set aside in MongoDB."""
        taken = 0
        for entry_id, fields in rows:
            blob = (fields or {}).get(b"b", b"")
            try:
                riders = _decode(blob) if blob else []
            except msgspec.MsgspecError as error:
                log.error("a stream entry is unreadable and is set aside", entry=entry_id, error=str(error))
                aside = {"_id": entry_id.decode(), "blob": blob}
                await self.unreadable.replace_one({"_id": aside["_id"]}, aside, upsert=True)
                riders = []
            points = sum(len(report.points) + len(report.refused) for rider in riders for report in rider.reports)
            self._buffer.append(Entry(entry_id, len(blob), riders, points))
            taken += points
        return taken

    async def _write(self) -> None:
        """Everything in the buffer into chunks, by majority; then acknowledge, trim and tell."""
        if not self._buffer:
            return
        additions = list(additions_of(self._buffer).items())
        for at in range(0, len(additions), CHUNKS_A_WRITE):
            await self._join(dict(additions[at : at + CHUNKS_A_WRITE]))
        settled = [part for entry in self._buffer for part in (entry.id, entry.size)]
        held = keys.MOST_HELD_BYTES
        await self._settle.run(self.redis, [self.stream, self.backlog], [GROUP, self.news, held, *settled])
        self._buffer.clear()

    async def _join(self, additions: dict[tuple[str, int], Addition]) -> None:
        """Join additions to their chunks. One counts as written only at the `rev` it was read at; else once more."""
        for _ in range(TRIES):
            ids = [chunk_id(*where) for where in additions]
            documents = self.tracks.find({"_id": {"$in": ids}})
            found = {(each["_id"]["r"], each["_id"]["m"]): each async for each in documents}
            changes: list[InsertOne[Document] | ReplaceOne[Document]] = []
            for where, addition in additions.items():
                old = found.get(where)
                new = join(old, *where, addition)
                if new is not None:
                    changes.append(ReplaceOne({"_id": new["_id"], "rev": old["rev"]}, new) if old else InsertOne(new))
            if not changes:
                return
            try:
                done = await self.tracks.bulk_write(changes, ordered=False)
                if done.inserted_count + done.matched_count == len(changes):
                    return
            except BulkWriteError as error:
                details = error.details or {}
                codes = {each.get("code") for each in details.get("writeErrors", [])}
                if codes - {DUPLICATE_KEY} or details.get("writeConcernErrors"):
                    raise
        raise Contended(f"{len(additions)} chunks changed under us {TRIES} times")


def linger(linger_s: float, points: int) -> float:
    """Seconds after which so many points are written: four times `linger_s` where they come fast."""
    return linger_s * (LONGER if points > linger_s * FAST_A_S else 1)


def additions_of(entries: list[Entry]) -> dict[tuple[str, int], Addition]:
    """What the entries add to which chunk: points by the minute of their fix, refused seqs by that of their receipt."""
    additions: dict[tuple[str, int], Addition] = defaultdict(Addition)
    for rider in (each for entry in entries for each in entry.riders):
        for report in rider.reports:
            for point in report.points:
                additions[rider.rider, point.ts // MINUTE_MS].rows.append((report.client, point))
            if report.refused:
                refused = additions[rider.rider, report.received // MINUTE_MS].refused
                refused += [(report.client, seq) for seq in report.refused]
    return additions


async def run_persister(
    redis: Redis, db: Any, prefix: str, *, durability: str = "redis", retention_s: int = 90 * 86_400,
    claim_after_s: float = 30.0, stop: asyncio.Event | None = None,
) -> None:
    """Persist until `stop` is set or the task is cancelled. With durability "mongo" acks wait for us: nothing lingers.

    `redis` needs a socket timeout above 0.5 s; `db` is a motor database. Outages are waited out.
    """
    linger_s = 0.0 if durability == "mongo" else 2.0
    persister = Persister(
        redis, db, prefix, linger_s=linger_s, claim_after_s=claim_after_s, retention_s=retention_s
    )
    await persister.run(stop or asyncio.Event())
