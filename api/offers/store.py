"""Offers in MongoDB, one document an order, moved from state to state by compare-and-set inside a transaction.

Collection `offers`: {_id: order, number, state, rider, expires_at, asked, …}. An open one takes a place of its rider.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from api.errors import Refused
from api.offers.offer import FOLLOWS, MOVES_ON, Offer, entries, told
from api.orders.order import Order
from api.orders.store import OrderStore, Session, from_document
from api.rights import ENDED
from api.telling import Announcement
from infra.clients import Database

LEFT_BEHIND_S = 5.0  # a process died between an answer and the next question
BATCH = 50


class OfferStore:
    """Reads and moves offers; `orders` runs the transactions and keeps the riders' places."""

    def __init__(self, db: Database, orders: OrderStore) -> None:
        self.db, self.orders = db, orders

    async def ensure_indexes(self) -> None:
        """Make the indexes; harmless when they stand."""
        await self.db.offers.create_index([("state", ASCENDING), ("expires_at", ASCENDING)])
        await self.db.offers.create_index([("rider", ASCENDING), ("state", ASCENDING)])

    async def get(self, order_id: str) -> Offer | None:
        """How the order's offering stands; None when it never was offered."""
        found = await self.db.offers.find_one({"_id": order_id})
        return _offer(found) if found else None

    async def due(self, now: datetime) -> list[Offer]:
        """Open offers whose time is up, and answered ones that nobody went on with."""
        left_behind = now - timedelta(seconds=LEFT_BEHIND_S)
        wanted = [
            {"state": "open", "expires_at": {"$lte": now}},
            {"state": {"$in": sorted(MOVES_ON)}, "at": {"$lte": left_behind}},
        ]
        return [_offer(found) async for found in self.db.offers.find({"$or": wanted}).limit(BATCH)]

    async def swap(
        self, before: Offer | None, after: Offer, most: int | None = None
    ) -> tuple[Announcement, ...] | Refused:
        """Write the next state, unless somebody was faster; the log items, still to be announced. Riders' events too.

        An open offer is refused when its order has a rider or has ended, and as `rider_full` without a place of `most`.
        """

        async def write(session: Session) -> tuple[Announcement, ...] | Refused:
            found = await self.db.orders.find_one({"_id": after.order}, session=session)
            order = from_document(found) if found else None
            if after.state == "open":
                refused = await self._may_open(order, after, most, session)
                if refused is not None:
                    return refused
            if not await self.replace(before, after, session):
                return Refused("conflict", "The offer moved on meanwhile; look again.")
            if after.state == "open" and order is not None:
                await self.orders.outbox.add("RIDER_OFFERED", told(after, order), session=session)
            return await self.orders.append(entries(after, order), session)

        try:
            return await self.orders.transaction(write)
        except DuplicateKeyError:  # two began the same offer, or the same rider's places, at once
            return await self.orders.transaction(write)

    async def replace(self, before: Offer | None, after: Offer, session: Session) -> bool:
        """Inside a transaction: the next state, if the one before still holds."""
        document: dict[str, Any] = msgspec.to_builtins(after, builtin_types=(datetime,))
        document["_id"] = document.pop("order")
        if before is None:
            if await self.db.offers.find_one({"_id": after.order}, {"_id": 1}, session=session):
                return False
            await self.db.offers.insert_one(document, session=session)
            return True
        assert after.state in FOLLOWS[before.state]  # noqa: S101 - a caller's bug
        held = {"_id": before.order, "number": before.number, "state": before.state}
        written = await self.db.offers.replace_one(held, document, session=session)
        return bool(written.matched_count)

    async def _may_open(
        self, order: Order | None, offer: Offer, most: int | None, session: Session
    ) -> Refused | None:
        if order is None or order.status in ENDED or order.rider is not None:
            return Refused("conflict", "The order needs no rider any more.")
        if not await self.orders.take_place(offer.rider or "", most, offer.order, session):
            return Refused("rider_full", f"{offer.rider} has no place left for another order.")
        return None


def _offer(document: Mapping[str, Any]) -> Offer:
    rest = {name: value for name, value in document.items() if name != "_id"}
    return msgspec.convert({"order": document["_id"], **rest}, Offer)
