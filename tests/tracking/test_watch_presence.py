"""Who is online: any socket in any process, and 15 s of grace after the last."""

from typing import Any

import pytest
import redis.asyncio as aioredis

from tests.tracking.watchers import Scenery
from tracking.presence import GRACE_S, LIFE_S, Attendance
from tracking.store import TrackingStore


class Doors:
    """Two processes that riders connect to, one that watches, and the news between them."""

    def __init__(self, redis: aioredis.Redis, prefix: str) -> None:
        self.city = Scenery(TrackingStore(redis, prefix))
        self.stores = [TrackingStore(redis, prefix) for _ in range(2)]
        self.east, self.west = (Attendance(store, self._publish, lambda: self.city.now_ms) for store in self.stores)
        self.page = self.city.rider()

    async def _publish(self, topic: str, payload: bytes) -> None:
        self.city.watch.presence.heard(payload)

    async def after(self, seconds: float) -> list[Any]:
        """Let time pass and every process do what is due; the states the watcher was told."""
        self.city.now_ms += round(seconds * 1000)
        await self.east.step()
        await self.west.step()
        return [message["state"] for message in self.page.read()]


@pytest.fixture
async def doors(redis_client: aioredis.Redis, prefix: str) -> Doors:
    """All offline, and known to be."""
    doors = Doors(redis_client, prefix)
    state = await doors.city.watch.rider_state("r1")
    assert {"type": "presence", "user": "r1", "state": "offline"} == state["presence"]
    return doors


async def test_a_rider_is_online_with_the_first_device_and_offline_after_the_last(doors: Doors) -> None:
    """Devices are counted over processes; only the last one's end counts, after its grace."""
    doors.east.came("r1", "phone")
    assert ["online"] == await doors.after(0)
    doors.west.came("r1", "tablet")
    assert [] == await doors.after(1)
    doors.east.went("r1", "phone")
    assert [] == await doors.after(GRACE_S + 1)
    gone_ms = doors.city.now_ms
    doors.west.went("r1", "tablet")
    assert [] == await doors.after(GRACE_S - 1)
    assert ["offline"] == await doors.after(2)
    state = await doors.city.watch.rider_state("r1")
    assert {"type": "presence", "user": "r1", "state": "offline", "last_seen": gone_ms} == state["presence"]


async def test_a_short_loss_of_the_line_is_not_told(doors: Doors) -> None:
    """Back within 15 s, with the same process or the other: nobody hears of it."""
    doors.east.came("r1", "one")
    await doors.after(0)
    doors.east.went("r1", "one")
    assert [] == await doors.after(10)
    doors.east.came("r1", "two")
    assert [] == await doors.after(20)
    doors.east.went("r1", "two")
    doors.west.came("r1", "three")
    assert [] == await doors.after(1)
    assert [] == await doors.after(20)


async def test_a_process_that_died_takes_its_riders_offline(doors: Doors) -> None:
    """Nobody says goodbye for a dead process; its entries run out, and asking again finds that."""
    doors.east.came("r1", "phone")
    assert ["online"] == await doors.after(0)
    await doors.stores[0].online(["r1"], doors.stores[0].origin, -LIFE_S)
    await doors.city.watch.presence.learn(["r1"], doors.stores[1], again=True)
    assert ["offline"] == [message["state"] for message in doors.page.read()]
