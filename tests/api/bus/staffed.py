"""A worker's part for events in this process, beside a service or alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from api.bus.opening import open_transport
from api.bus.staff import Staff
from api.consumers import open_tools
from api.worker import EVENT_PARTS, LOOK_EVERY_S
from events.deaf import QUIET_S
from infra.clients import open_mongo, open_redis
from infra.settings import Settings
from tests.ending import over


@asynccontextmanager
async def staffed(
    settings: Settings, parts: Sequence[str] = EVENT_PARTS, *, look_every_s: float = LOOK_EVERY_S,
    quiet_s: float = QUIET_S,
) -> AsyncIterator[Staff]:
    """Everything declared and at work until the block ends."""
    async with (
        open_redis(settings.redis_url, timeout_s=5) as redis,
        open_mongo(settings.mongo_url, settings.mongo_db) as db,
        open_transport(settings, redis) as transport,
        open_tools(settings, db, redis) as tools,
    ):
        staff = Staff(transport, tools, parts, look_every_s=look_every_s, quiet_s=quiet_s)
        await staff.prepare()
        stop = asyncio.Event()
        running = asyncio.ensure_future(staff.run(stop))
        try:
            yield staff
        finally:
            stop.set()
            await over(running)
