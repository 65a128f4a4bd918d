"""A consumer that is connected and hears nothing: found by looking twice, and given a new connection."""

import asyncio

from events.deaf import Look, is_deaf
from events.topology import Topology
from events.transport import Transport
from infra.clients import Database
from tests.events.contract.brokers import Rabbit, Streams
from tests.events.contract.conftest import Running
from tests.events.contract.effects import orders, table, times
from tests.waiting import until


def test_two_looks_tell_deaf_from_idle_and_from_busy() -> None:
    """Deaf: nobody registered, or events ready, room in hand and none taken. Anything else is not."""
    deaf, idle = Look(5, 1, 40, True), Look(0, 1, 40, True)
    assert is_deaf(deaf, deaf)
    assert is_deaf(Look(0, 0, 0, True), Look(0, 0, 0, True))
    for before, now in (
        (idle, idle), (idle, deaf), (deaf, idle), (deaf, Look(5, 1, 41, True)), (deaf, Look(5, 1, 40, False)),
        (Look(0, 0, 0, True), idle),
    ):
        assert not is_deaf(before, now)


async def test_a_queue_that_is_taken_away_under_its_consumer_is_heard_again(
    broker: Rabbit | Streams, transport: Transport, topology: Topology, database: Database
) -> None:
    """RabbitMQ tells a consumer nothing then that the library passes on; told to connect anew, it hears again."""
    queue = topology.queues[0].name
    running = Running(transport, database, table(topology))

    async def listeners() -> int:
        return (await transport.depths()).queues[queue].consumers

    await until(listeners)
    await broker.forget(topology, queue)
    await transport.declare()
    running.consumers.restart(queue)
    events = orders(3)

    async def is_heard() -> bool:
        if await listeners():
            await transport.publish([event for event in events if event.id not in await times(database)])
        return len(await times(database)) == 3

    await until(is_heard, within_s=20, every_s=0.3)
    await asyncio.wait_for(running.end(), 20)
