"""What fences told: stored once in `geofence_events`, with the log items and the event for workers, in one transaction.

An event stands in `rider:{id}` and `ops`; in `order:{id}` too while the rider carries that order, which is when its
customer may know the rider's place. What became known late is for the rider's log and `ops`, never news for a customer.
A step of arrival tells the stop's place, so the order's people hear of it on both ways, and `ops` is spared it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from api.geofences.told import told as outward_of
from api.telling import Announcement, Feed, write_items
from events.outbox import Outbox
from geo.fences.events import Event
from infra.clients import Database
from live.store import ChannelLog, plain

LIFE_S = 90 * 86_400
CARRYING = ("picked_up", "arriving")
Name = Callable[[str], str]


class Alerts:
    """Stores events and tells of them. `name_of` says what a fence is called."""

    def __init__(self, db: Database, log: ChannelLog, feed: Feed, name_of: Name) -> None:
        self._db, self._log, self._feed, self._name_of = db, log, feed, name_of
        self._events, self._outbox = db.geofence_events, Outbox(db)

    async def ensure_indexes(self) -> None:
        """Events by fence, newest first, and how they are forgotten."""
        await self._events.create_index([("fence", ASCENDING), ("ts", DESCENDING), ("_id", ASCENDING)])
        await self._events.create_index("at", expireAfterSeconds=LIFE_S)

    async def record(self, events: Sequence[Event]) -> None:
        """Store and tell those that are not stored yet, in their order; raises when MongoDB cannot be asked."""
        ids = [event.event_id for event in events]
        known = {row["_id"] async for row in self._events.find({"_id": {"$in": ids}}, {"_id": 1})}
        fresh = [event for event in events if event.event_id not in known]
        carried = await self._carried(sorted({event.rider for event in fresh}))
        for event in fresh:
            await self._record(event, told_orders(event, carried.get(event.rider, [])))

    async def of_fence(self, fence_id: str, before_ms: int | None, limit: int) -> list[dict[str, Any]]:
        """What the fence told, newest first, of times before one."""
        query = {"fence": fence_id} | ({"ts": {"$lt": before_ms}} if before_ms is not None else {})
        cursor = self._events.find(query, {"at": 0}).sort([("ts", DESCENDING), ("_id", ASCENDING)]).limit(limit)
        return [{"event_id": row.pop("_id")} | plain(row) async for row in cursor]

    async def _carried(self, riders: list[str]) -> dict[str, list[str]]:
        """The orders each rider has with them."""
        orders: dict[str, list[str]] = {}
        if riders:
            query = {"rider": {"$in": riders}, "status": {"$in": CARRYING}}
            async for row in self._db.orders.find(query, {"rider": 1}).sort("_id", ASCENDING):
                orders.setdefault(row["rider"], []).append(row["_id"])
        return orders

    async def _people(self, order_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await self._db.orders.find_one({"_id": order_id}, {"customer": 1, "vendor": 1})
        return found

    async def _record(self, event: Event, orders: list[str]) -> None:
        item = as_item(event, self._name_of(event.fence))
        if orders:
            item.setdefault("order", orders[0])
        row = {name: value for name, value in item.items() if name not in ("type", "event_id")}
        items = [(f"rider:{event.rider}", item)]
        if not is_arrival(event):
            items.insert(0, ("ops", item))
        items += [(f"order:{order}", item | {"order": order}) for order in orders]
        told: list[Announcement] = []
        people = await self._people(event.order) if event.order else None
        outward = outward_of(event, self._name_of(event.fence), people)

        async def write(session: Any) -> None:
            told.clear()
            await self._events.insert_one(row | {"_id": event.event_id, "at": datetime.now(UTC)}, session=session)
            if outward is not None:
                await self._outbox.add(*outward, session=session)
            told.extend(await write_items(self._log, items, session))

        try:
            async with await self._db.client.start_session() as session:
                await session.with_transaction(write)
        except DuplicateKeyError:
            if await self._events.find_one({"_id": event.event_id}) is None:
                raise  # another key: two began the same log at once, and the next try finds it there
            return
        await self._feed.announce_all(told)


def is_arrival(event: Event) -> bool:
    """A step of arrival at an order's stop."""
    return event.order is not None and event.kind == "enter"


def told_orders(event: Event, carried: list[str]) -> list[str]:
    """The orders whose people hear of it, of those the rider carries."""
    if event.late:
        return []
    if event.order is None:
        return carried
    return [event.order] if is_arrival(event) or event.order in carried else []


def as_item(event: Event, name: str) -> dict[str, Any]:
    """The event as channels carry it."""
    item = {"type": "geofence", **msgspec.structs.asdict(event), "name": None if event.order else name}
    return {key: value for key, value in item.items() if value is not None}
