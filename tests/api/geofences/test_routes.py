"""Riders who leave their route, end to end: the town's streets, a worker, an order, and who is told."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio as aioredis

from api.geofences.watch import watch_fences
from api.planning.travel import Travel
from city.places import SnappedPoint, Spot
from city.routing.streets import Streets
from geo.point import moved
from infra.clients import Database
from infra.settings import Settings
from tests.api.serving import Person, Service
from tests.city.cities import graph_of
from tests.ending import cancelled
from tests.waiting import until
from tracking import keys

ASTRAY_M = (0, 300, 320, 340, 300, 0, 0)  # metres beside the first place of the route
STEP_MS = 8_000


@pytest.fixture
async def worker(
    service: Service, settings: Settings, redis_client: aioredis.Redis, database: Database
) -> AsyncIterator[None]:
    """A worker that watches riders on the town's streets."""
    streets = Streets(Travel(graph=graph_of("invented")).streets)
    prefix = settings.key_prefix
    task = asyncio.create_task(watch_fences(redis_client, database, settings.redis_url, prefix, streets))
    await until(lambda: redis_client.exists(keys.fence_lease(prefix)))
    yield
    await cancelled(task, forgive=BaseExceptionGroup)


def places() -> tuple[Spot, Spot]:
    """A shop and a door in the town."""
    graph = graph_of("invented")
    south, west, north, east = graph.box
    found = [graph.snap(south + (north - south) * share, west + (east - west) * share, 2000) for share in (0.35, 0.65)]
    shop, door = (Spot(at.lat, at.lng) for at in found if isinstance(at, SnappedPoint))
    return shop, door


async def order_in_town(service: Service, admin: Person, rider: str) -> str:
    """An order from the shop to the door, given to the rider."""
    shop, door = places()
    body = {"customer_id": "c1", "vendor_id": "v1", "pickup": shop._asdict(), "dropoff": door._asdict()}
    order_id = str((await admin.post("/api/orders", body)).json()["id"])
    assert 200 == (await admin.post(f"/api/orders/{order_id}/assign", {"rider_id": rider})).status_code
    return order_id


async def strays(service: Service, rider: str, start: Spot, seq: int, start_ms: int) -> None:
    """From the start away from every street towards the door, and back."""
    points = []
    for at, beside_m in enumerate(ASTRAY_M):
        lat, lng = moved(*start, 135.0, beside_m)  # the door lies north-east
        points.append({"seq": seq + at, "ts": start_ms + STEP_MS * at, "lat": lat, "lng": lng, "accuracy": 5})
    async with service.person("rider", rider).socket("phone") as phone:
        assert [] == (await phone.report(points))["rejected"]


async def route_alerts(service: Service, channel: str) -> list[dict[str, Any]]:
    """What the channel's log says of routes."""
    items = await service.app.world.log.read(channel, after=0, limit=500)
    return [item for item in items if item["type"] == "geofence" and item["fence"].startswith("route:")]


async def test_leaving_the_route_is_told_to_staff_and_from_pick_up_to_the_customer(
    service: Service, worker: None
) -> None:
    """On the way to the shop staff and rider hear of it, on the way to the door the order's people too."""
    admin = service.person("admin", "a1")
    order_id = await order_in_town(service, admin, "r1")
    shop, door = places()
    await strays(service, "r1", door, 1, round(time.time() * 1000) + 1000)

    async def told(channel: str, count: int) -> bool:
        return len(await route_alerts(service, channel)) >= count

    await until(lambda: told("rider:r1", 2))
    assert ["off_route", "back_on_route"] == [each["kind"] for each in await route_alerts(service, "ops")]
    assert [] == await route_alerts(service, f"order:{order_id}")
    await admin.steps(order_id, "accepted", "preparing", "ready", "picked_up")
    await strays(service, "r2", shop, 1, round(time.time() * 1000) + 1000)  # somebody without an order may go anywhere
    await admin.post(f"/api/orders/{order_id}/assign", {"rider_id": "r3"})
    await strays(service, "r3", shop, 1, round(time.time() * 1000) + 1000)
    await until(lambda: told(f"order:{order_id}", 2))
    for channel in ("ops", "rider:r3", f"order:{order_id}"):
        events = (await route_alerts(service, channel))[-2:]
        assert [("off_route", "route:dropoff", order_id), ("back_on_route", "route:dropoff", order_id)] == [
            (each["kind"], each["fence"], each["order"]) for each in events
        ]
    assert [] == await route_alerts(service, "rider:r2")
