"""Live news between processes through a real Valkey, and honesty about what may be missing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
import redis.asyncio as aioredis

from infra.embedded.valkey import Valkey
from live.relay import Relay
from tests.ending import cancelled
from tests.waiting import until


async def stop(task: asyncio.Task[None]) -> None:
    """End a task and wait for it."""
    await cancelled(task)


@pytest.fixture
async def relay(valkey: Valkey, prefix: str) -> AsyncIterator[Relay]:
    """A relay that listens."""
    made = Relay(valkey.url, prefix)
    running = asyncio.create_task(made.run())
    yield made
    await stop(running)


async def test_news_reaches_every_handler_of_its_topic(relay: Relay) -> None:
    """Exactly the topic's handlers hear a payload; one that left hears no more."""
    heard: list[tuple[str, bytes]] = []

    def into(name: str) -> Callable[[bytes], None]:
        return lambda payload: heard.append((name, payload))

    relay.subscribe("pos.1", into("a"))
    leave = relay.subscribe("pos.1", into("b"))
    relay.subscribe("pos.2", into("c"))
    assert await relay.ready("pos.1")
    await relay.publish("pos.1", b"one")
    await until(lambda: len(heard) == 2)
    leave()
    await relay.publish("pos.1", b"two")
    await until(lambda: len(heard) == 3)
    assert [("a", b"one"), ("b", b"one"), ("a", b"two")] == heard


async def test_a_topic_left_and_taken_again_is_heard(relay: Relay) -> None:
    """The last handler's leaving ends the subscription, a new one begins it again."""
    heard: list[bytes] = []
    for round_trip in (b"1", b"2", b"3"):
        leave = relay.subscribe("orders", heard.append)
        assert await relay.ready("orders")
        await relay.publish("orders", round_trip)
        await until(partial(heard.__contains__, round_trip))
        leave()
    assert [b"1", b"2", b"3"] == heard


async def test_a_cut_connection_is_told_and_mended(relay: Relay, redis_client: aioredis.Redis) -> None:
    """When Redis drops the listener, continuity is reported lost, and news arrives again afterwards."""
    heard: list[bytes] = []
    losses: list[int] = []
    relay.on_continuity_lost.append(lambda: losses.append(1))
    relay.subscribe("orders", heard.append)
    assert await relay.ready("orders")
    await redis_client.client_kill_filter(_type="pubsub")
    await until(lambda: losses)
    await until(lambda: relay.is_up)
    assert await relay.ready("orders", within_s=10)
    await relay.publish("orders", b"again")
    await until(lambda: heard == [b"again"])


async def test_an_outage_is_survived(tmp_path_factory: pytest.TempPathFactory, prefix: str) -> None:
    """A relay lives through Redis going away and coming back on the same address, and says when it is not up."""
    server = Valkey(tmp_path_factory.mktemp("valkey-outage")).start()
    relay, heard = Relay(server.url, prefix), list[bytes]()
    running = asyncio.create_task(relay.run())
    try:
        relay.subscribe("orders", heard.append)
        assert await relay.ready("orders", within_s=5)
        await asyncio.to_thread(server.stop)
        await until(lambda: not relay.is_up)
        assert not await relay.publish("orders", b"lost")
        await asyncio.to_thread(server.start)
        await until(lambda: relay.is_up, within_s=20)
        assert await relay.ready("orders", within_s=10)
        assert await relay.publish("orders", b"back")
        await until(lambda: heard == [b"back"])
    finally:
        await stop(running)
        await asyncio.to_thread(server.stop)


async def test_a_failing_handler_harms_no_other(relay: Relay) -> None:
    """One handler's mistake neither ends the listener nor keeps news from the next."""
    heard: list[bytes] = []

    def fail(payload: bytes) -> None:
        raise ValueError("a handler's mistake")

    relay.subscribe("orders", fail)
    relay.subscribe("orders", heard.append)
    assert await relay.ready("orders")
    await relay.publish("orders", b"news")
    await until(lambda: heard == [b"news"])
