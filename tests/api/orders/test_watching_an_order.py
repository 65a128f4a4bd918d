"""An order watched over the socket and HTTP, in one process and across two: log, privacy, share links, tracks."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from api.circuits import Circuits
from api.measures import backlog_of
from api.orders.desk import entries_for, utc_now
from api.orders.order import Order
from api.orders.rules import apply_step
from api.orders.store import OrderStore
from api.telling import Entry
from api.worker import Tools, persist
from client.errors import GaveUp
from client.reconnect import Ridewire
from infra.clients import Database
from infra.settings import Settings
from live.store import ChannelLog
from tests.api.serving import CHAIN, Service, serving
from tests.waiting import until
from tracking import keys

SPOT = {"lat": 14.604321, "lng": 120.987654}


@pytest.fixture
async def other(settings: Settings, service: Service) -> AsyncIterator[Service]:
    """A second process of the same service."""
    async with serving(settings) as process:
        yield process


async def report(rider: Ridewire, seq: int, spot: dict[str, float] = SPOT) -> None:
    """A fix of now, acknowledged."""
    ack = await rider.report([{"seq": seq, "ts": int(time.time() * 1000), "accuracy": 5, **spot}])
    assert [] == ack["rejected"], ack


def is_order(status: str) -> Any:
    return lambda push: push["type"] == "order" and push["status"] == status


def is_position(push: dict[str, Any]) -> bool:
    return bool(push["type"] == "position")


async def test_every_step_is_in_the_channels_log(service: Service, other: Service) -> None:
    """Watchers in both processes get each step once and in order; ops and the vendor get the same."""
    order_id = await service.order(rider="r1")
    watchers = [
        (service.person("customer", "c1"), f"order:{order_id}"), (other.person("customer", "c1"), f"order:{order_id}"),
        (other.person("vendor", "v1"), "vendor:v1"), (other.person("dispatcher", "d1"), "ops"),
    ]
    sockets = [person.socket() for person, _ in watchers]
    for socket, (_, channel) in zip(sockets, watchers, strict=True):
        await socket.__aenter__()
        joined = await socket.subscribe(channel)
        assert ["order_placed", "order_placed"] == [item["status"] for item in joined["items"]]
    await service.person("admin", "a1").steps(order_id, *CHAIN)
    for socket in sockets:
        seen = [await socket.inbox.wait_for(lambda push: push["type"] == "order") for _ in CHAIN]
        assert list(CHAIN) == [push["status"] for push in seen]
        assert list(range(3, 9)) == [push["offset"] for push in seen]
        await socket.close()


async def test_a_customer_sees_the_rider_as_the_order_allows(service: Service, other: Service) -> None:
    """Coarse until pick-up, exact until delivery, nothing after; on the socket and in the snapshot."""
    order_id = await service.order(rider="r1")
    admin, customer = service.person("admin", "a1"), other.person("customer", "c1")

    async def snapshot() -> dict[str, Any] | None:
        answer = await customer.get(f"/api/orders/{order_id}/tracking")
        location: dict[str, Any] | None = answer.json()["real_time_location"]
        return location

    async with service.person("rider", "r1").socket("phone") as rider, customer.socket() as watching:
        await report(rider, 1)
        await watching.subscribe(f"order:{order_id}")
        await report(rider, 2)
        coarse = await until(snapshot)
        assert (14.604, 120.988, 3) == (coarse["lat"], coarse["lng"], coarse["precision"])
        await admin.steps(order_id, *CHAIN[:4])
        await watching.inbox.wait_for(is_order("picked_up"))
        await report(rider, 3)
        exact = await watching.inbox.wait_for(lambda push: is_position(push) and "precision" not in push)
        assert (SPOT["lat"], SPOT["lng"]) == (exact["lat"], exact["lng"])
        shown = await snapshot()
        assert shown is not None
        assert (SPOT["lat"], SPOT["lng"]) == (shown["lat"], shown["lng"])
        assert (False, None) == (shown["stale"], shown["precision"])
        await admin.steps(order_id, *CHAIN[4:])
        await watching.inbox.wait_for(is_order("delivered"))
        await report(rider, 4, {"lat": 14.6044, "lng": 120.9877})
        assert None is await snapshot()
        late = [await watching.inbox.get() for _ in range(len(watching.inbox))]
        assert [] == [push for push in late if is_position(push)]


async def test_a_share_link_opens_one_order_until_it_ends(service: Service, other: Service) -> None:
    """Its guest sees the last event, then `unsubscribed`; afterwards the link opens nothing."""
    order_id = await service.order(rider="r1")
    admin = service.person("admin", "a1")
    link = (await service.person("customer", "c1").post(f"/api/orders/{order_id}/share")).json()
    assert f"https://track.example/track/{link['token']}" == link["url"]
    guest = other.someone(link["token"])
    async with guest.socket() as watching:
        await watching.subscribe(f"order:{order_id}")
        await admin.steps(order_id, *CHAIN)
        last = await watching.inbox.wait_for(lambda push: push["type"] == "unsubscribed" or is_order("delivered")(push))
        assert ("order", "delivered") == (last["type"], last.get("status"))
        gone = await watching.inbox.wait_for(lambda push: push["type"] == "unsubscribed")
        assert (f"order:{order_id}", True) == (gone["channel"], bool(gone["code"]))
    assert 401 == (await guest.get(f"/api/orders/{order_id}/tracking")).status_code
    with pytest.raises(GaveUp):
        await guest.socket().__aenter__()


async def test_revoked_links_are_cut_off_in_every_process(service: Service, other: Service) -> None:
    """Within a second, everywhere, and the customer is not disturbed."""
    order_id = await service.order(rider="r1")
    customer = service.person("customer", "c1")
    links = [(await customer.post(f"/api/orders/{order_id}/share")).json()["token"] for _ in range(2)]
    async with (
        service.someone(links[0]).socket() as here, other.someone(links[1]).socket() as there,
        other.person("customer", "c1").socket() as owner,
    ):
        for socket in (here, there, owner):
            await socket.subscribe(f"order:{order_id}")
        assert 204 == (await customer.delete(f"/api/orders/{order_id}/share")).status_code
        for socket in (here, there):
            with pytest.raises(GaveUp, match="4501"):
                await socket.inbox.wait_for(lambda push: False, within_s=1)
        assert owner.is_connected
    assert 401 == (await service.someone(links[0]).get(f"/api/orders/{order_id}/tracking")).status_code


async def test_a_guessed_link_opens_nothing(service: Service) -> None:
    """Unknown, empty and overlong links get the same answer."""
    order_id = await service.order()
    for guess in ("rws_", "rws_" + "a" * 32, "rws_" + "a" * 4000):
        answer = await service.someone(guess).get(f"/api/orders/{order_id}/tracking")
        assert (401, "bad_token") == (answer.status_code, answer.json()["code"])


async def test_a_track_holds_the_orders_part_of_the_way(
    service: Service, settings: Settings, redis_client: Redis, database: Database
) -> None:
    """Staff see it from assignment on, the customer from pick-up on, nobody what came before or after."""
    admin, customer = service.person("admin", "a1"), service.person("customer", "c1")
    stop = asyncio.Event()
    backlog = backlog_of(redis_client, keys.stream(settings.key_prefix))
    tools = Tools(settings, redis_client, database, backlog, Circuits(redis_client, settings.key_prefix))
    persisting = asyncio.ensure_future(persist(tools, stop))
    async with service.person("rider", "r1").socket("phone") as rider:
        await report(rider, 1, {"lat": 14.5001, "lng": 120.9})
        order_id = await service.order(rider="r1")
        await report(rider, 2, {"lat": 14.5002, "lng": 120.9})
        await admin.steps(order_id, *CHAIN[:4])
        await report(rider, 3, {"lat": 14.5003, "lng": 120.9})
        await admin.steps(order_id, *CHAIN[4:])
        await report(rider, 4, {"lat": 14.5004, "lng": 120.9})
    stop.set()
    await persisting

    async def seqs(person: Any) -> list[int]:
        answer = await person.get(f"/api/orders/{order_id}/track")
        assert "application/geo+json" == answer.headers["content-type"]
        found: list[int] = answer.json()["properties"]["seqs"]
        return found

    assert ([2, 3], [3], [2, 3]) == (await seqs(admin), await seqs(customer), await seqs(service.person("rider", "r1")))
    gpx = await customer.get(f"/api/orders/{order_id}/track", params={"format": "gpx"})
    line = await customer.get(f"/api/orders/{order_id}/track", params={"format": "polyline"})
    assert "<trkpt" in gpx.text
    assert 1 == line.json()["points"]


async def test_events_tell_where_the_rider_was(service: Service) -> None:
    """From pick-up on with the rider's place, before that with the shop's."""
    order_id = await service.order(rider="r1")
    admin = service.person("admin", "a1")
    async with service.person("rider", "r1").socket("phone") as rider:
        await report(rider, 1)
    events = (await admin.steps(order_id, *CHAIN[:4]))["tracking_events"]
    assert [14.5995] * 4 + [SPOT["lat"]] == [event["location"]["lat"] for event in events]
    assert [None] + ["r1"] * 4 == [event["rider_id"] for event in events]


async def test_a_change_nobody_announced_is_found(service: Service, database: Database) -> None:
    """A process that dies between commit and announcement: watchers still see the last item, and guests still leave."""
    order_id = await service.order(rider="r1")
    admin = service.person("admin", "a1")
    await admin.steps(order_id, *CHAIN[:5])
    link = (await admin.post(f"/api/orders/{order_id}/share")).json()["token"]
    dead = OrderStore(database, ChannelLog(database))
    async with service.someone(link).socket() as guest:
        await guest.subscribe(f"order:{order_id}")
        await until(lambda: order_id in service.app.world.news.known)

        def deliver(order: Order) -> tuple[Order, tuple[Entry, ...]]:
            after = apply_step(order, "delivered", utc_now(), None, None)
            return after, entries_for(after, "a1")

        await dead.change(order_id, deliver)
        first = await guest.inbox.wait_for(lambda push: push["type"] in ("order", "unsubscribed"), within_s=15)
        assert ("order", "delivered") == (first["type"], first.get("status"))
        await guest.inbox.wait_for(lambda push: push["type"] == "unsubscribed", within_s=15)
