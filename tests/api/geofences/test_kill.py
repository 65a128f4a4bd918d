"""kill -9 of the process that watches fences, again and again: no event is lost, none is told twice."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as aioredis
from msgspec.structs import asdict

from geo.fences.engine import advance
from geo.fences.events import Event
from geo.fences.feature import read
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
from infra.clients import Database
from infra.settings import Settings
from tests.api.serving import Person, Service
from tests.ending import over
from tests.tracking.rides import START_LAT, START_LNG, STEP_DEG, now_ms, point
from tests.waiting import until
from tracking import keys

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
RIDERS = [f"r{number}" for number in range(3)]
KILLS, POINTS = 3, 100  # a fence every hundred points, so that each report enters or leaves one
PROGRAM = """
import asyncio, sys
from api.geofences.watch import watch_fences
from infra.clients import open_mongo, open_redis

async def main(redis_url, prefix, mongo_url, mongo_db):
    async with open_redis(redis_url, timeout_s=5) as redis, open_mongo(mongo_url, mongo_db) as db:
        await watch_fences(redis, db, redis_url, prefix, lease_ms=300)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[None]:
    """A worker in a process of its own, killed without warning at the end of the block."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, settings.redis_url, settings.key_prefix, settings.mongo_url, settings.mongo_db,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield
    finally:
        child.send_signal(signal.SIGKILL)
        await over(child.wait())


async def draw(staff: Person) -> list[dict[str, Any]]:
    """Circles along the way; their Features."""
    features = []
    for number in range(KILLS + 2):
        lng = START_LNG + STEP_DEG * POINTS * (number + 0.5)
        answer = await staff.post("/api/geofences", {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [lng, START_LAT]},
            "properties": {"name": f"Circle {number}", "radius_m": 80, "dwell_s": 10},
        })
        features.append(answer.json())
    return features


def expected(features: list[dict[str, Any]], last_seq: int, start_ms: int) -> list[Event]:
    """What the rules say of the whole ride, in a process that never dies."""
    table = FenceTable([read(feature, feature["id"]).fence for feature in features])
    rides = [point(seq, start_ms=start_ms) for seq in range(1, last_seq + 1)]
    pings = [Ping(rider, each.ts, each.lat, each.lng, each.accuracy, each.speed) for rider in RIDERS for each in rides]
    return advance(table, {rider: RiderState() for rider in RIDERS}, pings)


async def told(service: Service, channel: str) -> list[str]:
    """The ids of the fence events in a channel's log, which has no hole."""
    items = await service.app.world.log.read(channel, after=0, limit=1000)
    assert list(range(1, len(items) + 1)) == [item["offset"] for item in items]
    return [item["event_id"] for item in items if item["type"] == "geofence"]


async def test_a_fence_worker_killed_again_and_again_loses_and_doubles_nothing(
    service: Service, settings: Settings, database: Database, redis_client: aioredis.Redis
) -> None:
    """The events are those of a worker that never died, by id; each stands once in its logs, also when told again."""
    features = await draw(service.person("dispatcher", "d1"))
    start_ms, seq = now_ms() - 86_400_000, 0
    phones = {rider: service.person("rider", rider) for rider in RIDERS}
    for _ in range(KILLS):
        before = await database["geofence_events"].count_documents({})
        async with worker(settings):
            for rider in RIDERS:
                points = [point(seq + at, start_ms=start_ms) for at in range(1, POINTS + 1)]
                async with phones[rider].socket("phone") as socket:
                    await socket.report([asdict(each) for each in points])
            seq += POINTS
            await until(lambda before=before: _more(database, before), within_s=20)  # killed in the midst of telling
    async with worker(settings):
        await until(lambda: _is_empty(redis_client, settings.key_prefix), within_s=30)
    events = expected(features, seq, start_ms)
    await service.app.world.alerts.record(events)
    assert 3 * len(RIDERS) * KILLS == len(events)
    assert sorted(event.event_id for event in events) == sorted(await told(service, "ops"))
    for rider in RIDERS:
        assert [event.event_id for event in events if event.rider == rider] == await told(service, f"rider:{rider}")


async def _more(database: Database, before: int) -> bool:
    return bool(await database["geofence_events"].count_documents({}) > before)


async def _is_empty(redis: aioredis.Redis, prefix: str) -> bool:
    return bool(await redis.xlen(keys.stream(prefix)) == 0)
