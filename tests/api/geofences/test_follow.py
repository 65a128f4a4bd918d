"""A worker's table follows what staff draw, change and delete."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.geofences.follow import Follower
from api.geofences.store import FenceStore
from infra.clients import Database
from infra.settings import Settings
from live.relay import Relay
from tests.api.serving import Service
from tests.ending import cancelled
from tests.waiting import until

PROMISED_S = 1.0
CENTRE = (14.6, 121.0)


@pytest.fixture
async def followers(service: Service, settings: Settings, database: Database) -> AsyncIterator[list[Follower]]:
    """Three tables, each with a connection of its own, as in processes of their own."""
    relays = [Relay(settings.redis_url, settings.key_prefix) for _ in range(3)]
    followers = [Follower(FenceStore(database, relay.publish), relay.subscribe) for relay in relays]
    running = [*(each.run() for each in relays), *(each.run() for each in followers)]
    tasks = [asyncio.create_task(each) for each in running]
    for each in followers:
        await each.ready.wait()
    await until(lambda: all(relay.is_up for relay in relays))
    yield followers
    await cancelled(*tasks, forgive=())


def reach_m(follower: Follower, fence_id: str) -> float | None:
    """How deep the centre lies inside the fence, as this table has it."""
    slot = follower.table.slots.get(fence_id)
    fence = None if slot is None else follower.table.fences[slot]
    return None if fence is None else -fence.shape.distance_m(*CENTRE)


async def test_every_process_has_a_change_within_a_second(service: Service, followers: list[Follower]) -> None:
    """Drawn, changed and deleted: each time all tables are right within the second that is promised."""
    staff = service.person("dispatcher", "d1")

    def circle(radius_m: int) -> dict[str, object]:
        return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [CENTRE[1], CENTRE[0]]},
                "properties": {"name": "Market", "radius_m": radius_m}}

    async def all_have(radius_m: int | None) -> None:
        await until(lambda: all(reach_m(each, fence) == radius_m for each in followers), within_s=PROMISED_S)

    fence = (await staff.post("/api/geofences", circle(150))).json()["id"]
    await all_have(150)
    for radius_m in (80, 500, 20):
        await staff.http.put(f"/api/geofences/{fence}", json=circle(radius_m))
        await all_have(radius_m)
    await staff.delete(f"/api/geofences/{fence}")
    await all_have(None)
