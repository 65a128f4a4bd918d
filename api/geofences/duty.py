"""The worker's duty `fences`: fences, arrivals and routes are watched, and how fast streets are is learned.

What this imports (numpy, routers, machine code) takes as long as all the rest of a worker, so `api/worker.py` imports
it late, when everything else is at work.
"""

import asyncio
from typing import Any

from api.arrivals.pacing import Segments, learn_paces
from api.arrivals.routers import open_routers
from api.circuits import Circuits
from api.geofences.watch import watch_fences
from api.planning.travel import Travel
from infra.clients import Database
from infra.settings import Settings
from tracking.eta.store import PaceStore


async def keep_fences(settings: Settings, redis: Any, db: Database, circuits: Circuits) -> None:
    """Until cancelled. Who is asked for ways is shown by `circuits`."""
    segments, travel = Segments(), Travel(settings.city_dir)
    async with open_routers(settings.routing_url, travel) as routers, asyncio.TaskGroup() as tasks:
        circuits.sources["routing"] = lambda: routers.guards
        tasks.create_task(learn_paces(segments, travel.streets, PaceStore(db)))
        tasks.create_task(
            watch_fences(redis, db, settings.redis_url, settings.key_prefix, routers, hear=segments.hear)
        )
