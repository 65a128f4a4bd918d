"""`nearest`: who gets an order, and that no place is given twice, however many ask at once and wherever."""

import asyncio
import time
from collections import Counter

import pytest

from infra.settings import Settings
from tests.api.orders.fleet import on_shift
from tests.api.serving import SHOP, Service, serving

NEAREST = {"rider_id": "nearest"}


async def given_to(service: Service, order_id: str) -> str | int:
    """The rider whom `nearest` gave the order to, or the status of the refusal."""
    answer = await service.person("admin", "a1").post(f"/api/orders/{order_id}/assign", NEAREST)
    return str(answer.json()["rider_id"]) if answer.is_success else answer.status_code


async def test_the_soonest_who_carries_nothing_comes_first(service: Service) -> None:
    """Idle riders by distance, then those with a place left by distance, then nobody."""
    async with on_shift(service, {"near": 50, "far": 600}):
        orders = [await service.order() for _ in range(5)]
        assert ["near", "far", "near", "far", 409] == [await given_to(service, each) for each in orders]


async def test_a_rider_off_shift_or_silent_gets_nothing(service: Service) -> None:
    """Without a live connection no one is on shift; with an old fix nobody knows where they are."""
    order = await service.order()
    assert 409 == await given_to(service, order)
    async with service.person("rider", "old").socket("phone") as socket:
        await socket.report([{"seq": 1, "ts": time.time_ns() // 1_000_000 - 400_000, **SHOP}])
        assert 409 == await given_to(service, order)


async def test_a_delivered_order_makes_room(service: Service) -> None:
    """A place is taken until the order ends."""
    admin = service.person("admin", "a1")
    async with on_shift(service, {"r1": 50}):
        first, second, third = [await service.order() for _ in range(3)]
        assert ["r1", "r1", 409] == [await given_to(service, each) for each in (first, second, third)]
        await admin.post(f"/api/orders/{first}/cancel")
        assert "r1" == await given_to(service, third)


async def test_a_dispatcher_may_fill_a_rider_beyond_the_limit(service: Service) -> None:
    """Naming a rider is a person's decision; only `nearest` counts places."""
    admin = service.person("admin", "a1")
    for order in [await service.order() for _ in range(3)]:
        assert 200 == (await admin.post(f"/api/orders/{order}/assign", {"rider_id": "r1"})).status_code


async def test_fifty_orders_at_once_take_no_place_twice(service: Service, settings: Settings) -> None:
    """Four riders of two places, fifty orders over two processes: each rider gets two, the rest are refused."""
    async with serving(settings) as other, on_shift(service, {f"r{i}": 50 + i for i in range(4)}):
        orders = await asyncio.gather(*(service.order() for _ in range(50)))
        asked = [given_to((service, other)[i % 2], order) for i, order in enumerate(orders)]
        given = Counter(await asyncio.gather(*asked))
        read = await service.app.world.orders.page({"rider": {"$ne": None}}, None, 100)
    assert {"r0": 2, "r1": 2, "r2": 2, "r3": 2, 409: 42} == given
    assert {f"r{i}": 2 for i in range(4)} == Counter(order.rider for order in read)


@pytest.mark.parametrize("by", ["distance", "eta"])
async def test_riders_near_come_by_distance_or_by_time(service: Service, by: str) -> None:
    """Without a city the order is the same, and times say that they are straight lines with a detour."""
    async with on_shift(service, {"near": 50, "far": 600}):
        asked = {**SHOP, "by": by}
        near = (await service.person("dispatcher", "d1").get("/api/riders/near", params=asked)).json()
    assert ["near", "far"] == [each["rider"] for each in near["items"]]
    assert ("straight" if by == "eta" else None) == near["basis"]
    assert ([10, 117] if by == "eta" else [None, None]) == [each["eta_s"] for each in near["items"]]
