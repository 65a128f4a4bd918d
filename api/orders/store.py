"""Orders in MongoDB: an order, its log items and its event for the workers are written in one transaction, or none is.

Collections: `orders` (one document an order, `_id` its id), `order_keys` (Idempotency-Keys, forgotten after a day) and
`rider_places` (one document a rider, written by everybody who gives the rider an order: of two at once one waits, so
that what each counts is still true when it commits).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from api.earnings.rules import Pay
from api.errors import Refusal, Refused
from api.orders.order import Order
from api.orders.till import Till
from api.orders.told import told
from api.rights import ENDED
from api.telling import Announcement, Entry, Log, write_items
from events.outbox import Outbox
from infra.clients import Database

Answer = TypeVar("Answer")
Session = AsyncIOMotorClientSession
TRANSACTION_S = 8.0
KEY_LIFE_S = 86_400
RUNNING = {"status": {"$nin": sorted(ENDED)}}
OPEN = {"state": "open"}
Also = Callable[[Session], Awaitable[Refused | None]]  # more to write in an order's transaction
Unanswered = PyMongoError  # what every read here raises when MongoDB cannot be asked


class Written(msgspec.Struct, frozen=True):
    """What a transaction left behind: the order, and each log item with its offset, still to be announced."""

    order: Order
    entries: tuple[Announcement, ...] = ()
    replayed: bool = False


class UsedKey(msgspec.Struct, frozen=True):
    """An Idempotency-Key: whose, and the digest of the body it came with."""

    id: str
    digest: bytes


def to_document(order: Order) -> dict[str, Any]:
    """The order as MongoDB keeps it."""
    document: dict[str, Any] = msgspec.to_builtins(order, builtin_types=(datetime,))
    document["_id"] = document.pop("id")
    return document


def from_document(document: Mapping[str, Any]) -> Order:
    """The order as it was kept."""
    rest = {name: value for name, value in document.items() if name != "_id"}
    return msgspec.convert({"id": document["_id"], **rest}, Order)


class OrderStore:
    """Reads and writes orders. A process's writes take turns: the logs' heads are hot, a lost race costs a retry."""

    def __init__(self, db: Database, log: Log, pay: Pay | None = None) -> None:
        self.db, self.log, self.outbox = db, log, Outbox(db)
        self.till = Till(db, pay)
        self._turn = asyncio.Lock()

    async def ensure_indexes(self) -> None:
        """Make collections and indexes, harmless when they stand: a transaction should not be the first to make one."""
        for party in ("customer", "rider", "status"):
            await self.db.orders.create_index([(party, ASCENDING), ("_id", DESCENDING)])
        day = [("status", ASCENDING), ("currency", ASCENDING), ("total", ASCENDING)]  # of a shop, without its orders
        await self.db.orders.create_index([("vendor", ASCENDING), ("_id", DESCENDING), *day])
        await self.db.order_keys.create_index("at", expireAfterSeconds=KEY_LIFE_S)
        await self.db.rider_places.create_index("_id")
        await self.outbox.ensure_indexes()
        await self.till.ensure_indexes()

    async def get(self, order_id: str) -> Order | None:
        """The order, or None."""
        found = await self.db.orders.find_one({"_id": order_id})
        return from_document(found) if found else None

    async def revisions(self, order_ids: list[str]) -> dict[str, int]:
        """The revision each of these orders is at; unknown ones are absent."""
        cursor = self.db.orders.find({"_id": {"$in": order_ids}}, {"rev": 1})
        return {document["_id"]: document["rev"] async for document in cursor}

    async def loads(self, riders: list[str]) -> dict[str, int]:
        """How many places each of the riders has taken, by running orders and open offers; the idle are absent."""
        theirs = {"rider": {"$in": riders}}
        count = {"$group": {"_id": "$rider", "n": {"$sum": 1}}}
        stages: list[dict[str, Any]] = [
            {"$match": theirs | RUNNING}, {"$project": {"rider": 1}},
            {"$unionWith": {"coll": "offers", "pipeline": [{"$match": theirs | OPEN}, {"$project": {"rider": 1}}]}},
            count,
        ]
        return {row["_id"]: row["n"] async for row in self.db.orders.aggregate(stages)} if riders else {}

    async def carried(self, riders: list[str]) -> dict[str, str]:
        """One order that has not ended for each of the riders who has any."""
        running = {"rider": {"$in": riders}} | RUNNING
        cursor = self.db.orders.find(running, {"rider": 1}).sort("_id", DESCENDING)
        return {document["rider"]: document["_id"] async for document in cursor} if riders else {}

    async def count_open(self) -> dict[str, int]:
        """How many orders that have not ended are at each status."""
        counted: list[dict[str, Any]] = [{"$match": RUNNING}, {"$group": {"_id": "$status", "n": {"$sum": 1}}}]
        return {row["_id"]: row["n"] async for row in self.db.orders.aggregate(counted)}

    async def page(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Order]:
        """Orders newest first, those before the id `after`."""
        query = {**where, **({"_id": {"$lt": after}} if after else {})}
        rows = await self.db.orders.find(query).sort("_id", DESCENDING).limit(limit).to_list(limit)
        return [from_document(row) for row in rows]

    async def insert(
        self, order: Order, entries: tuple[Entry, ...], key: UsedKey | None = None, *, from_cart: bool = False
    ) -> Written | Refused:
        """Write a new order. The same key again gives the first order back; with another body it is refused.

        What it takes from the catalog is priced and taken in the same transaction; raises Refusal when it cannot be.
        """
        async def write(session: Session) -> Written:
            if key is not None:
                row = {"_id": key.id, "digest": key.digest, "order": order.id, "at": order.created_at}
                await self.db.order_keys.insert_one(row, session=session)
            filled, news = await self.till.fill(order, session, from_cart)
            await self.db.orders.insert_one(to_document(filled), session=session)
            await self.outbox.add(*told(None, filled), session=session)
            return Written(filled, await self.append((*entries, *news), session))

        try:
            return await self.transaction(write)
        except DuplicateKeyError:  # the key's, in all likelihood; or two processes began the same log at once
            first = await self._replay(key) if key is not None else None
            return await self.transaction(write) if first is None else first

    async def change(
        self, order_id: str, decide: Callable[[Order], tuple[Order, tuple[Entry, ...]] | Refused], *,
        most: int | None = None, also: Also | None = None,
    ) -> Written | Refused:
        """Read, decide, write, all in one transaction. `decide` may run again when somebody else was faster.

        A rider who is given the order must have a place left of `most`. `also` writes more, or refuses everything.
        """
        async def write(session: Session) -> Written | Refused:
            found = await self.db.orders.find_one({"_id": order_id}, session=session)
            if found is None:
                return Refused("not_found", f"There is no order {order_id}.")
            before = from_document(found)
            decided = decide(before)
            if isinstance(decided, Refused):
                return decided
            order, entries = decided
            if order == before:
                return Written(order, replayed=True)
            new = order.rider if order.rider != before.rider else None
            if new is not None and not await self.take_place(new, most, order_id, session):
                return Refused("rider_full", f"{new} has no place left for another order.", "rider_id")
            if also is not None and (refused := await also(session)) is not None:
                return refused
            swapped = await self.db.orders.find_one_and_replace(
                {"_id": order_id, "rev": before.rev}, to_document(order), {"_id": 1},
                return_document=ReturnDocument.AFTER, session=session,
            )
            if swapped is None:
                return Refused("conflict", "The order changed meanwhile; look again.")
            await self.outbox.add(*told(before, order), session=session)
            news = await self.till.settle(before, order, session)
            return Written(order, await self.append((*entries, *news), session))

        try:
            return await self.transaction(write)
        except DuplicateKeyError:  # two processes began the same rider's places at once
            return await self.transaction(write)

    async def take_place(self, rider: str, most: int | None, order_id: str, session: Session) -> bool:
        """Has the rider one of `most` places left for this order? Whoever asks after us waits for our transaction."""
        await self.db.rider_places.update_one({"_id": rider}, {"$inc": {"turns": 1}}, upsert=True, session=session)
        if most is None:
            return True
        others = {"rider": rider, "_id": {"$ne": order_id}}
        taken: int = await self.db.orders.count_documents(others | RUNNING, session=session)
        taken += await self.db.offers.count_documents(others | OPEN, session=session)
        return taken < most

    async def append(self, entries: tuple[Entry, ...], session: Session) -> tuple[Announcement, ...]:
        """Write log items inside the transaction; to be announced after it."""
        return tuple(await write_items(self.log, entries, session))

    async def _replay(self, key: UsedKey) -> Written | Refused | None:
        """What the key's first use made; None when it was never used."""
        row = await self.db.order_keys.find_one({"_id": key.id})
        order = await self.get(row["order"]) if row else None
        if row is None or order is None:
            return None
        if bytes(row["digest"]) != key.digest:
            return Refused("key_reused", "This Idempotency-Key came with another body before.", "Idempotency-Key")
        return Written(order, replayed=True)

    async def transaction(self, write: Callable[[Session], Coroutine[Any, Any, Answer]]) -> Answer:
        """Run `write` in a transaction, again where MongoDB says so; raises Refusal `unavailable` when time is up."""
        try:
            async with asyncio.timeout(TRANSACTION_S), self._turn, await self.db.client.start_session() as session:
                answer: Answer = await session.with_transaction(write, max_commit_time_ms=int(TRANSACTION_S * 1000))
                return answer
        except TimeoutError as error:
            raise Refusal(
                "unavailable", f"The order could not be written within {TRANSACTION_S:.0f} s.", after_ms=1000
            ) from error
