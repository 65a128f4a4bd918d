"""Two serving processes on one Redis and one MongoDB."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio as aioredis

from infra.clients import Database
from infra.embedded.valkey import Valkey
from tests.api.channels.town import Process

Town = tuple[Process, Process]


@pytest.fixture
async def town(database: Database, redis_client: aioredis.Redis, valkey: Valkey, prefix: str) -> AsyncIterator[Town]:
    """Riders connect to the first, watchers to the second."""
    here, there = (Process(database, redis_client, valkey.url, prefix) for _ in range(2))
    await here.orders.ensure_indexes()
    async with here.serving(), there.serving():
        yield here, there
