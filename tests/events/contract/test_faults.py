"""What both brokers promise when things break: nothing lost, every effect once."""

import asyncio
import multiprocessing
import time

import pytest

from events.outbox import Outbox
from events.relay import Relay
from events.topology import Topology
from events.transport import Away, Transport
from infra.clients import Database
from infra.embedded.mongod import Mongod
from tests.ending import over
from tests.events.contract import program
from tests.events.contract.brokers import Rabbit, Streams
from tests.events.contract.conftest import Running
from tests.events.contract.effects import once_each, orders, table, times
from tests.waiting import SCALE, until

pytestmark = pytest.mark.long

KILLS = 20


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    """An outbox with its indexes."""
    outbox = Outbox(database)
    await outbox.ensure_indexes()
    return outbox


class Relaying:
    """A relay at work in this process."""

    def __init__(self, outbox: Outbox, transport: Transport) -> None:
        self.stop, self.relay = asyncio.Event(), Relay(outbox, transport)
        self.task = asyncio.ensure_future(self.relay.run(self.stop))

    async def end(self) -> None:
        """As on SIGTERM."""
        self.stop.set()
        await over(self.task)


async def write(outbox: Outbox, count: int) -> list[str]:
    """Orders into the outbox; the ids of their events."""
    data = orders_data(count)
    return [(await outbox.add("ORDER_CREATED", each, session=None)).id for each in data]


def orders_data(count: int) -> list[dict[str, object]]:
    """What new orders tell."""
    whole = {"userId": "c1", "farmerId": "v1", "items": [], "totalPrice": 1, "status": "order_placed", "rev": 1}
    return [{"orderId": f"o{n}", **whole} for n in range(count)]


async def are_through(db: Database, ids: list[str]) -> bool:
    """Every effect has happened; how often is for the test to say."""
    return set(ids) <= set(await times(db))


async def test_consumers_killed_twenty_times_in_the_middle_lose_and_double_nothing(
    broker: Rabbit | Streams, transport: Transport, topology: Topology, database: Database, mongod: Mongod
) -> None:
    """Each is killed with effects written and not committed, and events in hand that it never answered for."""
    events = orders(3 * KILLS)
    await transport.publish(events)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([program.__name__])
    words = (broker.kind, broker.url, mongod.url, database.name, topology, 2)
    for _ in range(KILLS):
        consumer = context.Process(target=program.consume, args=words, daemon=True)
        consumer.start()

        await until(lambda: database.hanging.find_one({}), within_s=30)
        consumer.kill()
        await asyncio.to_thread(consumer.join)
        consumer.close()
        await database.hanging.delete_many({})
    running = Running(transport, database, table(topology))
    await until(lambda: are_through(database, [event.id for event in events]), within_s=30)
    await running.end()
    assert once_each(events) == await times(database)
    assert 0 == (await transport.depths()).dead


async def test_a_broker_that_restarts_under_everybody_loses_and_doubles_nothing(
    broker: Rabbit | Streams, transport: Transport, topology: Topology, database: Database, outbox: Outbox
) -> None:
    """Events written before, while it is away, and after; relay and consumers come back by themselves."""
    running, relaying = Running(transport, database, table(topology)), Relaying(outbox, transport)
    ids = await write(outbox, 30)
    restarting = asyncio.ensure_future(broker.restart())
    while not restarting.done():
        ids += await write(outbox, 5)
        await asyncio.wait({restarting}, timeout=0.3)
    await restarting
    ids += await write(outbox, 30)
    await until(lambda: are_through(database, ids), within_s=30)
    await relaying.end()
    await running.end()
    assert dict.fromkeys(ids, 1) == await times(database)
    assert (0, 0.0) == await outbox.backlog()


async def test_during_a_memory_alarm_events_wait_in_the_outbox_and_go_out_after_it(
    broker: Rabbit | Streams, transport: Transport, topology: Topology, database: Database, outbox: Outbox
) -> None:
    """Publishing gives up in bounded time, the outbox grows, and nothing is missing afterwards."""
    running = Running(transport, database, table(topology))
    await broker.sound_alarm()
    try:
        began_s = time.monotonic()
        with pytest.raises(Away):
            await transport.publish(orders(3))
        assert time.monotonic() - began_s < 20
        relaying, ids = Relaying(outbox, transport), await write(outbox, 20)
        assert 20 == (await outbox.backlog())[0]
    finally:
        await broker.end_alarm()
    await until(lambda: are_through(database, ids), within_s=30)
    await relaying.end()
    await running.end()
    assert dict.fromkeys(ids, 1) == {id_: n for id_, n in (await times(database)).items() if id_ in ids}


async def test_what_was_committed_before_a_relay_died_is_published_by_the_next_within_five_seconds(
    transport: Transport, topology: Topology, database: Database, outbox: Outbox
) -> None:
    """The dead one led, and had not published; the lead runs out, and published twice would still count once."""
    dead = Relay(outbox, transport)
    assert await dead.lead.take()
    ids = await write(outbox, 10)
    await transport.publish(await outbox.waiting(4))  # the broker has these, and nobody wrote that down
    began_s, relaying = time.monotonic(), Relaying(outbox, transport)
    await until(lambda: relaying.relay.published == len(ids))
    assert time.monotonic() - began_s < 5 * SCALE  # how soon a busy broker hands it on is its own matter
    running = Running(transport, database, table(topology))
    await until(lambda: are_through(database, ids), within_s=30)
    await relaying.end()
    await running.end()
    assert dict.fromkeys(ids, 1) == await times(database)


async def test_of_two_relays_one_leads_and_the_other_takes_over_at_once_when_it_stops(
    transport: Transport, topology: Topology, database: Database, outbox: Outbox
) -> None:
    """What the one publishes the other does not; a stopped leader says so."""
    first = Relaying(outbox, transport)
    await until(lambda: database.outbox_lead.find_one({"holder": first.relay.lead.me}))
    second = Relaying(outbox, transport)
    await write(outbox, 20)
    await until(lambda: first.relay.published == 20)
    assert 0 == second.relay.published
    await first.end()
    await write(outbox, 5)
    await until(lambda: second.relay.published == 5, within_s=5)
    await second.end()


async def test_an_event_that_finds_no_queue_stays_in_the_outbox_and_holds_up_nobody(
    transport: Transport, database: Database, outbox: Outbox
) -> None:
    """It is in the backlog with its reason until somebody declares a queue for it."""
    lost = await outbox.add("CACHE_INVALIDATE", {"keys": ["a"]}, session=None)
    await write(outbox, 3)
    relaying = Relaying(outbox, transport)
    await until(lambda: relaying.relay.published == 3 and relaying.relay.unroutable == 1)
    await relaying.end()
    row = await database.outbox.find_one({"_id": lost.id})
    assert (1, "it found no queue") == ((await outbox.backlog())[0], (row or {})["error"])
