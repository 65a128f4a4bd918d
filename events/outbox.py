"""The outbox: what happened is written in the transaction in which it happens, and published afterwards by the relay.

Collection `outbox`: {_id: the event's id, type, data, version, at, waiting: true} until the broker has it; then
`waiting` is gone and `published_at` there, and MongoDB removes the row after KEPT_S. A row that found no queue has
`error` and is tried again from `again_at` on.
"""

import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from events.event import NAMES, RANDOM_BITS, Event, make
from events.kinds import check

Session = AsyncIOMotorClientSession
KEPT_S = 7 * 86_400
WAITING = {"waiting": True}
LEADS_FOR_MS = 3000


class Outbox:
    """Rows that wait for the broker. `add` belongs into every transaction that changes what others must hear of."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self.db = db
        self.rows = db.get_collection("outbox")

    async def ensure_indexes(self) -> None:
        """Make the collection and its indexes; harmless when they stand."""
        await self.rows.create_index([("waiting", ASCENDING), ("_id", ASCENDING)], partialFilterExpression=WAITING)
        await self.rows.create_index("published_at", expireAfterSeconds=KEPT_S)

    async def add(self, type_: str, data: dict[str, Any], *, session: Session | None) -> Event:
        """Write the event inside the caller's transaction; raises BadEvent for what is not in events/kinds.py.

        Without a session it is a write of its own: for what happens in no transaction.
        """
        known = structlog.contextvars.get_contextvars()
        origin = {name: str(known[name]) for name in NAMES if name in known}
        event = make(type_, check(type_, data), time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS), origin)
        row = {
            "_id": event.id, "type": event.type, "data": event.data, "version": event.version,
            "at": event.timestamp, **WAITING, **({"origin": origin} if origin else {}),
        }
        await self.rows.insert_one(row, session=session)
        return event

    async def waiting(self, limit: int) -> list[Event]:
        """The oldest events that wait, without those that found no queue a moment ago."""
        due = WAITING | {"again_at": {"$not": {"$gt": datetime.now(UTC)}}}
        return [_event(row) async for row in self.rows.find(due).sort("_id", ASCENDING).limit(limit)]

    async def mark_published(self, ids: Sequence[str]) -> None:
        """The broker has these."""
        done = {"$set": {"published_at": datetime.now(UTC)}, "$unset": {"waiting": "", "again_at": "", "error": ""}}
        await self.rows.update_many({"_id": {"$in": list(ids)}}, done)

    async def put_off(self, ids: Sequence[str], error: str, for_s: float) -> None:
        """These found no queue: they are tried again later, and do not hold up the others."""
        again_at = datetime.now(UTC) + timedelta(seconds=for_s)
        await self.rows.update_many({"_id": {"$in": list(ids)}}, {"$set": {"again_at": again_at, "error": error}})

    async def follow(self, wake: Callable[[], object]) -> None:
        """Call `wake` for each new row, for ever; raises what MongoDB raises."""
        async with self.rows.watch([{"$match": {"operationType": "insert"}}, {"$project": {"_id": 1}}]) as changes:
            async for _ in changes:
                wake()

    async def backlog(self) -> tuple[int, float]:
        """How many wait, and for how many seconds the oldest has waited."""
        first = await self.rows.find_one(WAITING, {"at": 1}, sort=[("_id", ASCENDING)])
        if first is None:
            return 0, 0.0
        age_s = (datetime.now(UTC) - first["at"]).total_seconds()
        return await self.rows.count_documents(WAITING), max(0.0, age_s)


class Lead:
    """Who relays: one document, held for LEADS_FOR_MS of the server's clock and renewed while its holder lives."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self.rows = db.get_collection("outbox_lead")
        self.me = uuid.uuid4().hex

    async def take(self) -> bool:
        """Lead, or go on leading; False while another does."""
        mine_or_free = {"$or": [{"$eq": ["$holder", self.me]}, {"$lt": ["$until", "$$NOW"]}]}
        held = [{"$set": {
            "holder": {"$cond": [mine_or_free, self.me, "$holder"]},
            "until": {"$cond": [mine_or_free, {"$add": ["$$NOW", LEADS_FOR_MS]}, "$until"]},
        }}]
        try:
            found = await self.rows.find_one_and_update(
                {"_id": "relay"}, held, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # two made it at the same time
            return False
        return bool(found["holder"] == self.me)

    async def give_up(self) -> None:
        """Let the next one lead at once."""
        await self.rows.delete_one({"_id": "relay", "holder": self.me})


def _event(row: dict[str, Any]) -> Event:
    return Event(
        id=row["_id"], type=row["type"], timestamp=row["at"], data=row["data"], version=row["version"],
        origin=row.get("origin", msgspec.UNSET),
    )
