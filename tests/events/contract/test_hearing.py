"""A consumer that is connected and hears nothing: found by looking twice, and given a new connection."""

import asyncio

from events.deaf import Look, Quiet, is_deaf
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


def test_a_long_silence_is_ended_and_begins_anew() -> None:
    """Not while something is taken or in hand: each delivery begins another silence, and so does a new connection."""
    quiet = Quiet(300)
    assert [False, False, True, False, True] == [quiet.is_long("q", 7, 0, at_s) for at_s in (0, 299, 300, 599, 600)]
    assert [False, False, True] == [quiet.is_long("q", 8, 0, at_s) for at_s in (901, 1200, 1201)]
    assert [False, False] == [quiet.is_long("q", 8, 1, at_s) for at_s in (1300, 1600)]
    assert not quiet.is_long("other", 8, 0, 1600)


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
