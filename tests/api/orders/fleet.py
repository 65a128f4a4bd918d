"""Riders on shift for a test: each with an open socket and a fresh fix, known to the service as online."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from client.reconnect import Ridewire
from tests.api.serving import SHOP, Service
from tests.waiting import until


@asynccontextmanager
async def on_shift(service: Service, metres_north: Mapping[str, float]) -> AsyncIterator[dict[str, Ridewire]]:
    """Riders so many metres north of the shop, on shift until the block ends."""
    async with AsyncExitStack() as stack:
        sockets: dict[str, Ridewire] = {}
        for rider, north_m in metres_north.items():
            socket = await stack.enter_async_context(service.person("rider", rider).socket(f"{rider}-phone"))
            at = {"lat": SHOP["lat"] + north_m / 111_195, "lng": SHOP["lng"]}
            await socket.report([{"seq": 1, "ts": time.time_ns() // 1_000_000, **at}])
            sockets[rider] = socket

        async def all_online() -> bool:
            return set(metres_north) == await service.app.world.tracking.who_is_online(list(metres_north))

        await until(all_online)
        yield sockets
