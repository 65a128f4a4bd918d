"""What both brokers promise while nothing breaks: every effect once, failures later, the dead findable."""

import asyncio
import random

from events.consumer import Consumers
from events.event import Event, make
from events.once import Once, Session
from events.reaction import Hopeless
from events.topology import Topology
from events.transport import DeadLetter, Transport
from infra.clients import Database
from tests.events.contract.brokers import Rabbit, Streams
from tests.events.contract.conftest import Running
from tests.events.contract.effects import NOW_MS, once_each, orders, table, take_stock, times
from tests.waiting import until


async def dead_of(transport: Transport, count: int) -> list[DeadLetter]:
    """The dead, once there are so many."""

    async def look() -> list[DeadLetter]:
        found = await transport.dead_letters(100)
        return found if len(found) >= count else []

    return await until(look, within_s=20)


async def test_doubled_and_shuffled_events_have_their_effect_once(
    transport: Transport, topology: Topology, database: Database
) -> None:
    """Each published three times, in any order, on a queue with several in hand; both bound queues get theirs."""
    events, mailed = orders(40), list[str]()

    async def mail(event: Event, db: Database, session: Session) -> None:
        mailed.append(event.id)

    sent = events * 3
    random.Random(7).shuffle(sent)
    taken = await transport.publish(sent)
    assert (120, ()) == (len(taken.ids), taken.unroutable)
    running = Running(transport, database, table(topology, mail=mail))

    async def is_through() -> bool:
        depths = await transport.depths()
        left = sum(queue.ready + (queue.unacked or 0) for queue in depths.queues.values())
        return not left and sum(running.consumers.taken.values()) >= 240 and not running.consumers.in_hand.total()

    await until(is_through, within_s=30)
    await running.end()
    assert once_each(events) == await times(database)
    assert {event.id for event in events} == set(mailed)


async def test_an_event_that_leads_nowhere_is_named_and_the_others_are_taken(transport: Transport) -> None:
    """Unroutable is an answer, not a loss."""
    first, second = orders(2)
    nowhere = make("PRODUCT_DELETED", {}, NOW_MS, 1)
    taken = await transport.publish([first, nowhere, second])
    assert ({first.id, second.id}, (nowhere.id,)) == (set(taken.ids), taken.unroutable)


async def test_a_handler_that_fails_twice_is_asked_a_third_time(
    transport: Transport, topology: Topology, database: Database
) -> None:
    """Three attempts, one effect, nothing dead; what had been done on the same queue is not done again."""
    attempts = list[str]()

    async def sometimes(event: Event, db: Database, session: Session) -> None:
        attempts.append(event.id)
        await take_stock(event, db, session)
        if len(attempts) < 3:
            raise ConnectionError("not yet")

    running = Running(transport, database, table(topology, sometimes))
    [event] = orders(1)
    await transport.publish([event])
    await until(lambda: times(database), within_s=20)
    await running.end()
    assert ([event.id] * 3, once_each([event])) == (attempts, await times(database))
    assert (0, 0) == ((await transport.depths()).dead, (await transport.depths()).later)


async def test_poison_ends_among_the_dead_holds_up_nobody_and_can_be_replayed(
    broker: Rabbit | Streams, transport: Transport, topology: Topology, database: Database
) -> None:
    """After its attempts, or at once where there is no hope or no event, it lies there with its reason."""
    events, is_mended = orders(12), asyncio.Event()

    async def choosy(event: Event, db: Database, session: Session) -> None:
        if event.data["n"] == 3 and not is_mended.is_set():
            raise ValueError("three is bad")
        if event.data["n"] == 5 and not is_mended.is_set():
            raise Hopeless("five is worse")
        await take_stock(event, db, session)

    running = Running(transport, database, table(topology, choosy))
    queue = topology.queues[0].name
    await transport.publish(events)
    await broker.post(topology, queue, b"\xffno event")
    dead = {letter.error: letter for letter in await dead_of(transport, 3)}
    assert 3 == len(dead) == (await transport.depths()).dead
    tried, hopeless = dead["stock: ValueError: three is bad"], dead["stock: five is worse"]
    assert (3, 1, queue) == (tried.attempts, hopeless.attempts, tried.queue)
    assert (events[3].id, None) == ((tried.event or {})["id"], next(e for e in dead.values() if e.event is None).event)
    good = once_each([event for event in events if event.data["n"] not in (3, 5)])
    await until(lambda: _are(database, good))
    is_mended.set()
    assert (1, 0) == (await transport.replay([tried.id], 100), await transport.replay(["nobody"], 100))
    await until(lambda: _has(database, events[3].id))
    assert 3 == await transport.replay(None, 100) + 1
    await until(lambda: _has(database, events[5].id))
    assert 1 == len(await dead_of(transport, 1))
    await running.end()
    assert once_each(events) == await times(database)


async def _are(db: Database, wanted: dict[str, int]) -> bool:
    return wanted == await times(db)


async def _has(db: Database, event_id: str) -> bool:
    return event_id in await times(db)


async def test_told_to_stop_it_finishes_what_is_in_hand_and_takes_nothing_new(
    transport: Transport, topology: Topology, database: Database
) -> None:
    """The job is done and acknowledged; what waits behind it is for the next."""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(event: Event, db: Database, session: Session) -> None:
        begun.set()
        await may_end.wait()
        await take_stock(event, db, session)

    events, stop = orders(3), asyncio.Event()
    consumers = Consumers(transport, Once(database), table(topology, slow), database)
    queue = topology.queues[0].name
    running = asyncio.ensure_future(transport.consume(queue, consumers.handle, stop, at_once=1))
    await transport.publish(events)
    await asyncio.wait_for(begun.wait(), 20)
    stop.set()
    await asyncio.wait({running}, timeout=0.2)
    assert not running.done()
    may_end.set()
    await running
    assert 1 == len(await times(database))

    async def rest() -> bool:
        return (await transport.depths()).queues[queue].ready == 2

    await until(rest)


async def test_depths_tell_what_waits_and_who_listens(
    transport: Transport, topology: Topology, database: Database
) -> None:
    """Ready, consumers, and events that wait for another attempt."""
    first, second = (queue.name for queue in topology.queues)
    await transport.publish(orders(3))

    async def ready() -> bool:
        queues = (await transport.depths()).queues
        return (3, 3, 0) == (queues[first].ready, queues[second].ready, queues[first].consumers)

    await until(ready)
    running = Running(transport, database, table(topology))

    async def heard() -> bool:
        queues = (await transport.depths()).queues
        return (0, 0, 1) == (queues[first].ready, queues[second].ready, queues[first].consumers)

    await until(heard)
    await running.end()
