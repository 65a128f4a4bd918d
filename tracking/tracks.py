"""Where a rider has been: reading the minute chunks in MongoDB, in order of time, each point once."""

import time
from typing import Any

import msgspec
from pymongo.errors import PyMongoError

from tracking.chunk import COLUMNS, MINUTE_MS, Row, chunk_id, handled_of, rows_of
from tracking.messages import Fix
from tracking.riders import Remembered
from tracking.seqs import Seqs
from tracking.state import KeptPoint

RECALL_DAYS = 8  # one more than the oldest point we take
READ_MS = 4000
SMALLEST_KEY: tuple[int, str, int] = (-1, "", -1)


class Page(msgspec.Struct):
    """Points in order of time. `cursor` continues after the last of them; None at the end."""

    points: list[KeptPoint]
    cursor: str | None


class BadCursor(ValueError):
    """The cursor was not made by us."""


class TracksDown(Exception):
    """MongoDB did not answer; the message says what happened."""


class Tracks:
    """Reads the `tracks` collection of the database handed in."""

    def __init__(self, db: Any) -> None:
        self.chunks = db.get_collection("tracks")

    async def read(
        self, rider: str, from_ms: int, to_ms: int, *, limit: int = 10_000, cursor: str | None = None
    ) -> Page:
        """The rider's points with from_ms <= ts < to_ms, from whichever phone. Raises BadCursor, TracksDown."""
        try:
            return await self._read(rider, from_ms, to_ms, limit, cursor)
        except PyMongoError as error:
            raise TracksDown(f"MongoDB did not answer: {type(error).__name__}: {error}") from error

    async def _read(self, rider: str, from_ms: int, to_ms: int, limit: int, cursor: str | None) -> Page:
        after = _decode_cursor(cursor) if cursor else SMALLEST_KEY
        from_ms = max(from_ms, after[0], 0)
        points: list[KeptPoint] = []
        last = after
        async for document in self._chunks(rider, from_ms // MINUTE_MS, -(-to_ms // MINUTE_MS)):
            for row in rows_of(document):
                key = _key(row)
                if not from_ms <= row[1].ts < to_ms or key <= after:
                    continue
                if len(points) == limit:
                    return Page(points, _encode_cursor(last))
                points.append(row[1])
                last = key
        return Page(points, None)

    async def recall(self, rider: str) -> Remembered:
        """What a Redis that lost the rider must know: the newest fix, and the handled seqs of each phone.

        Seqs are read from the last RECALL_DAYS. Below those, a phone that was in use before has nothing left to send:
        its points would be too old by now.
        """
        since = time.time_ns() // 60_000_000_000 - RECALL_DAYS * 1440
        spans: dict[str, list[tuple[int, int]]] = {}
        newest: Fix | None = None
        fields = dict.fromkeys(("clients", "handled"), 1)
        async for document in self._chunks(rider, since, 2**53, fields):
            for client, first, last in handled_of(document):
                spans.setdefault(client, []).append((first, last))
        async for document in self._chunks(rider, 0, 2**53, newest_first=True, with_points=True):
            *_, (_, point) = rows_of(document)
            newest = Fix(
                rider, point.lat, point.lng, point.ts, point.ts, point.seq, point.accuracy, point.speed, point.heading
            )
            break
        used_before: list[str] = []
        async for document in self._chunks(rider, 0, since, {"clients": 1}, newest_first=True):
            used_before = document["clients"]
            break
        return Remembered(newest, {client: _seqs(each, client in used_before) for client, each in spans.items()})

    def _chunks(
        self, rider: str, first: int, end: int, fields: dict[str, int] | None = None, *,
        newest_first: bool = False, with_points: bool = False,
    ) -> Any:
        """A cursor over the rider's chunks with first <= minute < end, by the `_id` index alone."""
        wanted: dict[str, Any] = {"_id": {"$gte": chunk_id(rider, first), "$lt": chunk_id(rider, end)}}
        if with_points:
            wanted["seq.0"] = {"$exists": True}
        fields = fields or dict.fromkeys(("clients", "client", *COLUMNS), 1)
        found = self.chunks.find(wanted, fields).sort("_id", -1 if newest_first else 1)
        return found.max_time_ms(READ_MS).batch_size(1 if newest_first else 100)


def _seqs(spans: list[tuple[int, int]], used_before: bool) -> Seqs:
    """The handled seqs of one phone from its runs."""
    seqs = Seqs()
    if used_before:
        seqs.start_at(min(first for first, _ in spans))
    for first, last in spans:
        seqs.cover(first, last)
    return seqs


def _key(row: Row) -> tuple[int, str, int]:
    """The order of rows within a chunk, and so within a track."""
    client, point = row
    return point.ts, client, point.seq


def _encode_cursor(key: tuple[int, str, int]) -> str:
    return f"{key[0]}.{key[2]}.{key[1]}"


def _decode_cursor(cursor: str) -> tuple[int, str, int]:
    ts, _, rest = cursor.partition(".")
    seq, dot, client = rest.partition(".")
    if not (ts.isascii() and ts.isdigit() and seq.isascii() and seq.isdigit() and dot and len(cursor) < 300):
        raise BadCursor(f"the cursor {cursor[:40]!r} was not made here")
    return int(ts), client, int(seq)
