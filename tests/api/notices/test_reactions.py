"""What events make people hear: each event once, however often it is delivered."""

import asyncio
from typing import Any

import msgspec
import pytest

from api.catalog.store import ProductStore
from api.consumers import Tools
from api.measures import backlog_of
from api.notices.truth import Truth
from api.worker import Tools as WorkerTools
from api.worker import sweep
from events.event import Event, make
from events.kinds import check
from infra.clients import Database
from notifications.about import about_silence
from notifications.notice import Notice
from notifications.store import notice_in
from tests.api.commerce.shopping import basket, product
from tests.api.notices.telling import deliver, listed, now_ms
from tests.api.orders.fleet import on_shift
from tests.api.serving import Service
from tests.ending import cancelled
from tests.waiting import until
from tracking import keys


def event(type_: str, data: dict[str, Any]) -> Event:
    return make(type_, check(type_, data), now_ms(), 5)


async def titles(service: Service, role: Any, sub: str) -> list[str]:
    """What somebody was told, oldest first."""
    return [item["kind"] for item in (await listed(service.person(role, sub)))["items"]][::-1]


async def test_an_orders_events_tell_its_people(service: Service, tools: Tools, database: Database) -> None:
    """What an order left in the outbox, delivered twice each, tells customer, shop and rider once."""
    order = await service.order(rider="r1")
    await service.person("admin", "a1").steps(order, "accepted", "preparing", "ready", "picked_up")
    rows = [row async for row in database.outbox.find({"type": {"$regex": "^ORDER"}}).sort("_id", 1)]
    for row in rows:
        for _ in range(2):
            await deliver(tools, Event(id=row["_id"], type=row["type"], timestamp=row["at"], data=row["data"]))
    assert [
        "order.placed", "order.assigned", "order.accepted", "order.preparing", "order.ready", "order.picked_up"
    ] == await titles(service, "customer", "c1")
    assert ["order.placed"] == await titles(service, "vendor", "v1")
    assert ["order.assigned", "order.ready"] == await titles(service, "rider", "r1")


async def test_anybody_can_be_told_anything(service: Service, tools: Tools) -> None:
    """`notification.send` brings its own kind, words and lifetime; the same subject told twice keeps its order."""
    data = {"userId": "c1", "role": "customer", "kind": "notice", "title": "Hello", "text": "Closed on Friday",
            "collapseKey": "notice:friday", "priority": "high"}
    sent = event("NOTIFICATION_SEND", data)
    for _ in range(3):
        await deliver(tools, sent)
    items = (await listed(service.person("customer", "c1")))["items"]
    assert [("Hello", "Closed on Friday", "high", "notice:friday")] == [
        (item["title"], item["body"], item["priority"], item["collapse"]) for item in items
    ]


async def test_the_rider_coming_near_is_told_while_on_the_way(service: Service, tools: Tools) -> None:
    """The outer ring around the door tells the customer after pick-up; before it, and at the shop, nobody."""
    order = await service.order(rider="r1")
    near = {"orderId": order, "riderId": "r1", "userId": "c1", "farmerId": "v1", "place": "door", "withinM": 500}
    await deliver(tools, event("RIDER_ARRIVING", near))
    assert [] == await titles(service, "customer", "c1")
    await service.person("admin", "a1").steps(order, "accepted", "preparing", "ready", "picked_up")
    await deliver(tools, make("RIDER_ARRIVING", check("RIDER_ARRIVING", near), now_ms(), 6))
    assert ["order.near"] == await titles(service, "customer", "c1")


async def deliver_all(tools: Tools, type_: str) -> None:
    """What lies in the outbox of this type, twice each."""
    for row in [row async for row in tools.db.outbox.find({"type": type_}).sort("_id", 1)]:
        for _ in range(2):
            await deliver(tools, Event(id=row["_id"], type=row["type"], timestamp=row["at"], data=row["data"]))


@pytest.fixture
def truth(service: Service) -> Truth:
    """What a worker asks before it interrupts anybody."""
    world, hall = service.app.world, service.app.world.hall
    return Truth(
        world.orders, hall.store, hall.registry, world.offers.store, ProductStore(world.orders.db), world.tracking
    )


async def newest(database: Database, user: str) -> Notice:
    """The last thing somebody was told."""
    row = await database.notifications.find_one({"user": user}, sort=[("created_at", -1), ("_id", -1)])
    assert row is not None
    return notice_in(row)


async def test_an_offer_is_told_to_its_rider_until_it_is_answered(
    service: Service, tools: Tools, truth: Truth, database: Database
) -> None:
    """Once, however often the event comes; it expires with the offer, and after a no it is no longer so."""
    order = await service.order()
    async with on_shift(service, {"near": 50}):
        assert 200 == (await service.person("dispatcher", "d1").post(f"/api/orders/{order}/offer")).status_code
        await deliver_all(tools, "RIDER_OFFERED")
        assert ["order.offered"] == await titles(service, "rider", "near")
        told = await newest(database, "near")
        offer = await service.app.world.offers.store.get(order)
        assert offer is not None
        assert offer.expires_at is not None
        assert (f"job:{order}", round(offer.expires_at.timestamp() * 1000)) == (told.collapse, told.expires_ms)
        assert await truth.holds(told)
        assert 200 == (await service.person("rider", "near").post(f"/api/orders/{order}/offer/decline")).status_code
        assert not await truth.holds(told)


async def test_a_shop_hears_that_something_runs_out_and_that_it_has(
    service: Service, tools: Tools, truth: Truth, database: Database
) -> None:
    """By orders or by hand; when the shelf is full again it is no longer so."""
    vendor, customer = service.person("vendor", "v1"), service.person("customer", "c1")
    made = await product(vendor, stock=5)
    for quantity in (1, 1):
        await customer.post("/api/orders", basket((made, quantity)))
    path = f"/api/products/{made['id']}"
    assert 200 == (await vendor.http.patch(path, json={"stock": 0})).status_code
    await deliver_all(tools, "STOCK_LOW")
    items = (await listed(vendor))["items"]
    assert [("Mango, ripe is running out", "None left."), ("Mango, ripe is running out", "3 left.")] == [
        (item["title"], item["body"]) for item in items
    ]
    told = await newest(database, "v1")
    assert await truth.holds(told)
    assert 200 == (await vendor.http.patch(path, json={"stock": 9})).status_code
    assert not await truth.holds(told)


async def test_dispatchers_hear_of_a_rider_who_fell_silent_with_an_order(
    service: Service, tools: Tools, truth: Truth, database: Database, prefix: str
) -> None:
    """Those with an account and those who are named, once; when the rider speaks again it is no longer so."""
    order = await service.order(rider="r1")
    await database.accounts.insert_many([
        {"_id": "d1", "email": "d1@shop.example", "role": "dispatcher"},
        {"_id": "d2", "email": "d2@shop.example", "role": "dispatcher", "disabled": True},
    ])
    heard = keys.heard(prefix)
    since_ms = now_ms() - 600_000
    await tools.redis.zadd(heard, {"r1": since_ms})
    backlog, circuits = backlog_of(tools.redis, keys.stream(prefix)), service.app.world.circuits
    about = WorkerTools(tools.settings, tools.redis, tools.db, backlog, circuits)
    sweeping = asyncio.create_task(sweep(about))
    await until(lambda: database.outbox.find_one({"type": "RIDER_SILENT"}))
    await cancelled(sweeping)
    named = msgspec.structs.replace(tools.settings, dispatchers=("d1", "d9"))
    await deliver_all(msgspec.structs.replace(tools, settings=named), "RIDER_SILENT")
    for dispatcher, told in (("d1", 1), ("d2", 0), ("d9", 1)):
        assert ["rider.silent"] * told == await titles(service, "dispatcher", dispatcher)
    notice = await newest(database, "d1")
    assert notice == about_silence("r1", order, since_ms, "d1", notice.created_ms)
    assert await truth.holds(notice)
    await tools.redis.zadd(heard, {"r1": now_ms()})
    assert not await truth.holds(notice)
