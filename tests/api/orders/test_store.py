"""Orders in MongoDB: an order and its log items stand or fall together, whatever happens in between."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from api.errors import Refused
from api.orders.desk import OrderDesk, entries_for
from api.orders.order import Order, Spot
from api.orders.order import TrackingEvent as Event
from api.orders.rules import apply_step
from api.orders.store import OrderStore, UsedKey, Written, from_document, to_document
from api.rights import Actor
from api.telling import Announcement, Entry
from infra.clients import Database
from live.store import ChannelLog

NOW = datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=UTC)
SPOT = Spot(lat=14.6, lng=120.98)
ADMIN = Actor(sub="a1", role="admin", expires_at=0)


def new_order(order_id: str = "o1") -> Order:
    return Order(
        id=order_id, customer="c1", vendor="v1", pickup=SPOT, dropoff=SPOT, created_at=NOW, updated_at=NOW,
        items=({"name": "mango", "quantity": 3, "price": 1.5, "gift": False, "note": None},),
        tracking_events=(Event(status="order_placed", timestamp=NOW, location=SPOT),),
    )


class LogBroken(Exception):
    """What the log raises in these tests when told to."""


class FailingLog(ChannelLog):
    """The real log, which breaks at a chosen channel after the ones before it were written."""

    def __init__(self, db: Database, fails_at: str) -> None:
        super().__init__(db)
        self.fails_at = fails_at

    async def append_all(self, items: Sequence[Entry], session: Any) -> list[int]:
        channels = [channel for channel, _ in items]
        if self.fails_at in channels:
            await super().append_all(items[:channels.index(self.fails_at)], session)
            raise LogBroken(self.fails_at)
        return await super().append_all(items, session)


async def counts(db: Database) -> tuple[int, int, int]:
    """Orders, log items and Idempotency-Keys in the database."""
    names = ("orders", "channel_logs", "order_keys")
    found = [await db.get_collection(name).count_documents({}) for name in names]
    return found[0], found[1], found[2]


@pytest.fixture
async def store(database: Database) -> OrderStore:
    orders = OrderStore(database, ChannelLog(database))
    await orders.ensure_indexes()
    return orders


def test_an_order_survives_the_way_through_the_database() -> None:
    """What is written is what is read, place names and empty fields included."""
    order = apply_step(new_order(), "accepted", NOW, "soon", None)
    assert order == from_document(to_document(order))


@pytest.mark.parametrize("fails_at", ["order:o1", "vendor:v1", "ops"])
async def test_nothing_of_an_order_stands_when_a_log_fails(
    database: Database, store: OrderStore, fails_at: str
) -> None:
    """The order, its key and the log items written before the failure are all taken back."""
    store.log = FailingLog(database, fails_at)
    order = new_order()
    with pytest.raises(LogBroken):
        await store.insert(order, entries_for(order, "a1"), UsedKey("admin:a1:k", b"digest"))
    assert (0, 0, 0) == await counts(database)


async def test_a_step_is_not_taken_when_its_log_fails(database: Database, store: OrderStore) -> None:
    """The order stays where it was."""
    await store.insert(new_order(), ())
    store.log = FailingLog(database, "ops")

    def decide(order: Order) -> tuple[Order, tuple[Entry, ...]]:
        return apply_step(order, "accepted", NOW, None, None), (("order:o1", {}), ("ops", {}))

    with pytest.raises(LogBroken):
        await store.change("o1", decide)
    assert new_order() == await store.get("o1")
    assert (1, 0, 0) == await counts(database)


async def test_two_processes_take_turns_without_losing_a_step(database: Database) -> None:
    """Forty orders placed at once through two stores: the hot log of `ops` has each once and no hole."""
    log = ChannelLog(database)
    stores = [OrderStore(database, ChannelLog(database)) for _ in range(2)]
    await stores[0].ensure_indexes()
    await log.head("ops")
    await asyncio.gather(*(
        stores[number % 2].insert(new_order(f"o{number}"), (("ops", {"order": f"o{number}"}),)) for number in range(40)
    ))
    items = await log.read("ops", after=0, limit=100)
    assert list(range(1, 41)) == [item["offset"] for item in items]
    assert {f"o{number}" for number in range(40)} == {item["order"] for item in items}


async def test_a_key_used_at_once_by_two_processes_makes_one_order(database: Database) -> None:
    """Whoever is second gets the first one's order."""
    stores = [OrderStore(database, ChannelLog(database)) for _ in range(2)]
    await stores[0].ensure_indexes()
    key = UsedKey("customer:c1:k", b"digest")
    made = await asyncio.gather(*(
        stores[number % 2].insert(new_order(f"o{number}"), (("ops", {}),), key) for number in range(10)
    ))
    orders = {written.order.id for written in made if isinstance(written, Written)}
    assert (1, 10) == (len(orders), len(made))
    assert (1, 1, 1) == await counts(database)


async def test_what_was_refused_is_not_told(database: Database, store: OrderStore) -> None:
    """Only commits are announced, each to all its channels, before anybody's rights are checked again."""
    told: list[str] = []

    class Feed:
        async def announce_all(self, items: Sequence[Announcement]) -> None:
            told.extend(channel for channel, _, _ in items)

    async def changed(order: Order) -> None:
        told.append(f"changed at {order.rev}")

    async def nowhere(rider: str) -> Spot | None:
        return None

    desk = OrderDesk(store, Feed(), nowhere, changed)
    await store.insert(new_order(), ())
    assert isinstance(await desk.step("o1", "delivered", ADMIN), Refused)
    assert isinstance(await desk.step("o2", "accepted", ADMIN), Refused)
    assert [] == told
    await desk.step("o1", "accepted", ADMIN)
    await desk.assign("o1", "r1", ADMIN)
    await desk.assign("o1", "r1", ADMIN)
    channels = ["order:o1", "vendor:v1", "ops"]
    assert [*channels, "changed at 2", *channels, "changed at 3"] == told
