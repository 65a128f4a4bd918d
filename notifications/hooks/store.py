"""Webhook endpoints and deliveries in MongoDB.

Collections: `webhooks` ({_id, url, events, secrets newest first, is_on, created_at}) and `webhook_deliveries` (one
document for each event and endpoint, `_id` made of both, so an event that is dealt with twice is delivered once;
`state` is waiting, delivered or dead; `due_ms` is when to try next).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING, ReturnDocument

from events.event import Event
from events.topology import matches
from notifications import leases
from notifications.leases import OVER

Session = AsyncIOMotorClientSession
Row = dict[str, Any]
MOST_HOOKS, MOST_SECRETS = 50, 2
KEPT = timedelta(days=30)
WAITING = {"state": "waiting"}


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody wants to hear of which events; `*` stands for a word, `#` for any number of them."""

    id: str
    url: str
    events: tuple[str, ...]
    secrets: tuple[str, ...]
    is_on: bool
    created_at: datetime

    def wants(self, key: str) -> bool:
        """Whether it hears of events with this routing key."""
        return self.is_on and any(matches(pattern, key) for pattern in self.events)


class HookStore:
    """Reads and writes raise what the driver raises."""

    def __init__(self, db: AsyncIOMotorDatabase[Row]) -> None:
        self.hooks, self.deliveries = db.get_collection("webhooks"), db.get_collection("webhook_deliveries")

    async def ensure_indexes(self) -> None:
        """Make indexes, harmless when they stand."""
        await self.hooks.create_index("created_at")
        await self.deliveries.create_index("due_ms", partialFilterExpression=WAITING)
        await self.deliveries.create_index([("hook", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)])
        await self.deliveries.create_index([("state", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)])
        await self.deliveries.create_index("purge_at", expireAfterSeconds=0)

    # Endpoints

    async def all(self, session: Session | None = None) -> list[Hook]:
        """Every endpoint, oldest first; there are at most MOST_HOOKS."""
        found = self.hooks.find({}, session=session).sort("created_at", ASCENDING).limit(MOST_HOOKS)
        return [_hook(row) async for row in found]

    async def get(self, hook: str) -> Hook | None:
        """One, or None."""
        row = await self.hooks.find_one({"_id": hook})
        return _hook(row) if row else None

    async def add(self, hook: Hook) -> bool:
        """Keep a new one; False when there are too many."""
        if await self.hooks.count_documents({}) >= MOST_HOOKS:
            return False
        row: Row = msgspec.to_builtins(hook, builtin_types=(datetime,))
        row["_id"] = row.pop("id")
        await self.hooks.insert_one(row)
        return True

    async def change(self, hook: str, fields: Row) -> Hook | None:
        """Other fields for one; None when it is not there."""
        row = await self.hooks.find_one_and_update(
            {"_id": hook}, {"$set": fields}, return_document=ReturnDocument.AFTER
        )
        return _hook(row) if row else None

    async def remove(self, hook: str) -> bool:
        """Forget one, with what still waits for it; whether it was there."""
        gone = await self.hooks.delete_one({"_id": hook})
        await self.deliveries.delete_many({"hook": hook} | WAITING)
        return bool(gone.deleted_count)

    # Deliveries

    async def take(self, event: Event, session: Session) -> int:
        """A delivery for each endpoint that wants this event; how many are new."""
        wanting = [hook for hook in await self.all(session) if hook.wants(event.key)]
        ids = {f"{event.id}:{hook.id}": hook for hook in wanting}
        before = self.deliveries.find({"_id": {"$in": list(ids)}}, {"_id": 1}, session=session)
        known = {row["_id"] async for row in before}
        now = datetime.now(UTC)
        rows = [
            {
                "_id": name, "hook": hook.id, "event": event.id, "key": event.key, "type": event.type,
                "timestamp": event.timestamp, "data": event.data, "version": event.version, "tries": 0, "at": now,
                "due_ms": round(now.timestamp() * 1000), "purge_at": now + KEPT, "log": [], **WAITING,
            }
            for name, hook in ids.items() if name not in known
        ]
        if rows:
            await self.deliveries.insert_many(rows, session=session)
        return len(rows)

    async def claim(self, now_ms: int, limit: int, busy: Sequence[str], lease_ms: int, token: str) -> list[Row]:
        """Some that are due, now ours until the lease ends, or is renewed; none for the endpoints that are `busy`."""
        waiting = WAITING | {"hook": {"$nin": list(busy)}}
        return await leases.claim(self.deliveries, waiting, now_ms, limit, lease_ms, token)

    async def renew(self, rows: Sequence[Row], lease_ms: int) -> list[Row]:
        """A new lease for those that are still ours; those."""
        return await leases.renew(self.deliveries, WAITING, rows, lease_ms)

    async def settle(self, row: Row, attempt: Row, state: str, due_ms: int | None = None) -> None:
        """What became of a try. The last twenty tries are kept."""
        fields: Row = {"state": state, "tries": row["tries"] + 1} | ({} if due_ms is None else {"due_ms": due_ms})
        change = OVER | {"$set": fields, "$push": {"log": {"$each": [attempt], "$slice": -20}}}
        await self.deliveries.update_one({"_id": row["_id"], "claim": row["claim"]} | WAITING, change)

    async def put_off(self, row: Row, due_ms: int) -> None:
        """Not tried; look again then."""
        own = {"_id": row["_id"], "claim": row["claim"]} | WAITING
        await self.deliveries.update_one(own, OVER | {"$set": {"due_ms": due_ms}})

    async def page(self, query: Row, before: tuple[datetime, str] | None, limit: int) -> list[Row]:
        """Deliveries newest first, those before one."""
        if before is not None:
            at, last = before
            query = query | {"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": last}}]}
        order = [("at", DESCENDING), ("_id", DESCENDING)]
        return [row async for row in self.deliveries.find(query).sort(order).limit(limit)]

    async def replay(self, query: Row, now_ms: int) -> int:
        """Let dead or delivered ones wait again, from the first try on; how many."""
        fields = {"due_ms": now_ms, "tries": 0, **WAITING}
        ended = {"$and": [query, {"state": {"$ne": "waiting"}}]}
        changed = await self.deliveries.update_many(ended, {"$set": fields})
        return changed.modified_count


def _hook(row: Row) -> Hook:
    return msgspec.convert({"id": row["_id"]} | {name: of for name, of in row.items() if name != "_id"}, Hook)
