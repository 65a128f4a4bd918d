"""Opened connections under a burst."""

import asyncio

from infra.clients import MOST_REDIS_CONNECTIONS, open_redis
from infra.embedded.valkey import Valkey


async def test_a_burst_larger_than_the_pool_waits_for_its_turn(valkey: Valkey) -> None:
    """Ten times as many calls at once as there are connections are all answered, over few connections."""
    async with open_redis(valkey.url, timeout_s=20) as client:  # a slow machine is not the burst's fault
        asked = 10 * MOST_REDIS_CONNECTIONS
        answers = await asyncio.gather(*(client.ping() for _ in range(asked)))
        assert [True] * asked == answers
        assert int((await client.info("clients"))["connected_clients"]) < 2 * MOST_REDIS_CONNECTIONS
