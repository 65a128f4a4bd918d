"""Offers: riders are asked one after the other, each answer counts once, and nobody is asked in vain."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from api.offers.offer import FOLLOWS, closed
from api.orders.desk import utc_now
from client.reconnect import Ridewire
from infra.settings import Settings
from tests.api.orders.fleet import on_shift
from tests.api.serving import Service, serving

BRIEF_S = 0.6


async def offered(service: Service, order: str) -> dict[str, Any]:
    """Offer the order; how it stands."""
    answer = await service.person("dispatcher", "d1").post(f"/api/orders/{order}/offer")
    assert 200 == answer.status_code, answer.text
    return dict(answer.json())


async def answer(service: Service, rider: str, order: str, verb: str, **body: Any) -> int:
    """A rider's answer; its status."""
    asked = await service.person("rider", rider).post(f"/api/orders/{order}/offer/{verb}", body or None)
    return asked.status_code


async def hears(socket: Ridewire, order: str, state: str, rider: str | None = None) -> dict[str, Any]:
    """The item about this order's offer."""
    found = await socket.inbox.wait_for(
        lambda push: push["type"] == "offer" and push["order"] == order and push["state"] == state
        and (rider is None or push.get("rider") == rider), within_s=10,
    )
    return dict(found)


@pytest.fixture
async def brief(settings: Settings, database: object) -> AsyncIterator[Service]:
    """A service where a rider has little time to answer."""
    async with serving(msgspec.structs.replace(settings, offer_s=BRIEF_S)) as process:
        yield process


async def test_the_soonest_rider_hears_the_offer_and_accepts(service: Service) -> None:
    """The item says where from and roughly where to; by the answer the order is theirs, a second one is late."""
    order = await service.order()
    async with on_shift(service, {"near": 50, "far": 600}) as sockets:
        await sockets["near"].subscribe("rider:near")
        begun = await offered(service, order)
        assert ("open", "near", 1) == (begun["state"], begun["rider_id"], begun["number"])
        item = await hears(sockets["near"], order, "open")
        assert ({"lat": 14.5995, "lng": 120.9842}, {"lat": 14.61, "lng": 120.994}) == (item["pickup"], item["dropoff"])
        assert 404 == await answer(service, "far", order, "accept")
        assert 200 == await answer(service, "near", order, "accept")
        await hears(sockets["near"], order, "accepted")
        assert 410 == await answer(service, "near", order, "accept")
    read = (await service.person("admin", "a1").get(f"/api/orders/{order}")).json()
    assert "near" == read["rider_id"]


async def test_a_no_passes_the_offer_on_until_nobody_is_left(service: Service) -> None:
    """The next nearest is asked at once; after the last no dispatchers hear so, and may begin again."""
    order = await service.order()
    async with on_shift(service, {"near": 50, "far": 600}), service.person("dispatcher", "d1").socket() as ops:
        await ops.subscribe("ops")
        await offered(service, order)
        assert 200 == await answer(service, "near", order, "decline")
        await hears(ops, order, "open", rider="far")
        assert 410 == await answer(service, "near", order, "accept")
        assert 200 == await answer(service, "far", order, "decline")
        await hears(ops, order, "exhausted")
        again = await offered(service, order)
        assert ("open", "near") == (again["state"], again["rider_id"])


async def test_silence_passes_the_offer_on(brief: Service) -> None:
    """Without an answer in time the next one is asked, and the late answer counts no more."""
    order = await brief.order()
    async with on_shift(brief, {"near": 50, "far": 600}) as sockets:
        await sockets["far"].subscribe("rider:far")
        await offered(brief, order)
        await hears(sockets["far"], order, "open")
        assert 410 == await answer(brief, "near", order, "accept")


async def test_an_open_offer_holds_a_place(service: Service) -> None:
    """A rider with one place left who is being asked gets no other order meanwhile."""
    first, second, third = [await service.order() for _ in range(3)]
    admin = service.person("admin", "a1")
    async with on_shift(service, {"r1": 50}):
        await admin.post(f"/api/orders/{first}/assign", {"rider_id": "nearest"})
        await offered(service, second)
        assert 409 == (await admin.post(f"/api/orders/{third}/assign", {"rider_id": "nearest"})).status_code
        assert "exhausted" == (await offered(service, third))["state"]
        assert 200 == await answer(service, "r1", second, "accept")


@pytest.mark.parametrize("path", ["assign", "cancel"])
async def test_an_order_that_needs_nobody_is_withdrawn(service: Service, path: str) -> None:
    """Given to somebody or cancelled: the asked rider hears so, and an answer is too late."""
    order = await service.order()
    async with on_shift(service, {"r1": 50}) as sockets:
        await sockets["r1"].subscribe("rider:r1")
        await offered(service, order)
        body = {"rider_id": "r2"} if path == "assign" else None
        assert (await service.person("admin", "a1").post(f"/api/orders/{order}/{path}", body)).is_success
        await hears(sockets["r1"], order, "withdrawn")
        assert 410 == await answer(service, "r1", order, "accept")


async def test_of_many_answers_at_once_one_counts(service: Service) -> None:
    """An impatient thumb accepts and declines at once: exactly one answer is heard."""
    order = await service.order()
    async with on_shift(service, {"r1": 50}):
        await offered(service, order)
        verbs = ["accept", "decline"] * 4
        found = await asyncio.gather(*(answer(service, "r1", order, verb, number=1) for verb in verbs))
    assert 1 == sum(status == 200 for status in found)


async def test_what_a_dead_process_left_behind_is_taken_up(service: Service) -> None:
    """It wrote the no and died before it asked the next rider: another process does."""
    order = await service.order()
    async with on_shift(service, {"near": 50, "far": 600}) as sockets:
        await sockets["far"].subscribe("rider:far")
        await offered(service, order)
        store = service.app.world.offers.store
        before = await store.get(order)
        assert before is not None
        await store.swap(before, closed(before, "declined", utc_now() - timedelta(seconds=10)))
        await hears(sockets["far"], order, "open")


async def test_strangers_neither_offer_nor_answer(service: Service) -> None:
    """Customers and riders offer no orders; who was not asked, and a customer of the rider's name, hear 404."""
    order = await service.order()
    async with on_shift(service, {"r1": 50}):
        refused = await service.person("customer", "c1").post(f"/api/orders/{order}/offer")
        rider = await service.person("rider", "r1").post(f"/api/orders/{order}/offer")
        assert (403, 404) == (refused.status_code, rider.status_code)
        await offered(service, order)
        namesake = await service.person("customer", "r1").post(f"/api/orders/{order}/offer/accept")
        assert (404, 404) == (namesake.status_code, await answer(service, "r2", order, "accept"))


def test_every_state_can_be_left_or_begun_anew() -> None:
    """No offer ends where an order could never be offered again."""
    assert [] == [state for state in FOLLOWS if state != "open" and "open" not in FOLLOWS[state]]
