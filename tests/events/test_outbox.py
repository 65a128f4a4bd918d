"""The outbox and the marks: what is written with an order, and effects that count once."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
import structlog

from events.consumer import Consumers
from events.event import Event, encode, make
from events.kinds import BadEvent
from events.once import Once, Session
from events.outbox import Outbox
from events.reaction import Reaction
from events.transport import Delivery
from infra.clients import Database


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    """An outbox of this test's own."""
    outbox = Outbox(database)
    await outbox.ensure_indexes()
    return outbox


async def test_an_event_stands_or_falls_with_its_transaction(database: Database, outbox: Outbox) -> None:
    """What was rolled back did not happen, and nobody hears of it."""
    await database.things.insert_one({"_id": 0})
    async with await database.client.start_session() as session:
        async with session.start_transaction():
            await database.things.insert_one({"_id": 1}, session=session)
            kept = await outbox.add("CACHE_INVALIDATE", {"keys": ["a"]}, session=session)
        with suppress(BadEvent):
            async with session.start_transaction():
                await database.things.insert_one({"_id": 2}, session=session)
                await outbox.add("CACHE_INVALIDATE", {"keys": ["b"]}, session=session)
                await outbox.add("CACHE_INVALIDATE", {}, session=session)
    assert [kept] == await outbox.waiting(10)
    assert 2 == await database.things.count_documents({})


async def test_an_event_names_the_request_it_happened_in(database: Database, outbox: Outbox) -> None:
    """Over the outbox and the wire into the log lines of whoever reacts; one that happened in none names none."""
    names = {"request_id": "r-12345678", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    with structlog.contextvars.bound_contextvars(**names, sub="c1"):
        await outbox.add("CACHE_INVALIDATE", {"keys": ["a"]}, session=None)
    await outbox.add("CACHE_INVALIDATE", {"keys": ["b"]}, session=None)
    seen: list[dict[str, Any]] = []

    async def see(event: Event, tools: Any, session: Session) -> None:
        seen.append(structlog.contextvars.get_contextvars())

    transport: Any = None  # a delivery is handed over by hand
    consumers = Consumers(transport, Once(database), {"cache.invalidate": (Reaction("see", "q", see),)}, None)
    bodies = [encode(event) for event in await outbox.waiting(10)]
    assert [None, None] == [await consumers.handle(Delivery("q", body, 1)) for body in bodies]
    assert [names, {}] == seen
    assert b"origin" not in bodies[1]


async def test_published_events_wait_no_more_and_unroutable_ones_hold_up_nobody(outbox: Outbox) -> None:
    """The backlog counts what waits; an event without a queue steps aside and stays in the backlog."""
    first, second, third = [await outbox.add("CACHE_INVALIDATE", {"keys": [name]}, session=None) for name in "abc"]
    assert [first, second] == await outbox.waiting(2)
    await outbox.mark_published([first.id])
    await outbox.put_off([second.id], "no queue", for_s=60)
    assert [third] == await outbox.waiting(10)
    waiting, oldest_s = await outbox.backlog()
    assert (2, True) == (waiting, oldest_s >= 0)
    await outbox.put_off([second.id], "no queue", for_s=-1)
    assert [second, third] == await outbox.waiting(10)


async def test_an_effect_counts_once_however_often_and_however_parallel_it_is_asked_for(database: Database) -> None:
    """Twelve deliveries at the same time leave one effect and one mark."""
    once = Once(database)
    await once.ensure_indexes()
    await database.stock.insert_one({"_id": "p1", "left": 10})
    event = make("ORDER_CREATED", {}, 1, 1)

    async def take(session: Session) -> None:
        await database.stock.update_one({"_id": "p1"}, {"$inc": {"left": -3}}, session=session)

    ran = await asyncio.gather(*(once.apply(event.id, "stock", take) for _ in range(12)))
    assert (1, 7) == (sum(ran), (await database.stock.find_one({"_id": "p1"}) or {})["left"])
    assert (False, True) == (await once.apply(event.id, "stock", take), await once.apply(event.id, "other", take))


async def test_an_effect_that_fails_leaves_nothing_and_may_be_tried_again(database: Database) -> None:
    """Neither its writes nor its mark stay; what it returns runs only after the commit."""
    once, told, failing = Once(database), list[str](), [ConnectionError("provider")]
    await database.notes.insert_one({"_id": 0})

    async def write(session: Session) -> Any:
        await database.notes.insert_one({"_id": 1}, session=session)
        if failing:
            raise failing.pop()

        async def tell() -> None:
            told.append("after")

        return tell

    with pytest.raises(ConnectionError):
        await once.apply("e1", "write", write)
    assert (1, [], False) == (await database.notes.count_documents({}), told, await once.is_done("e1", "write"))
    assert await once.apply("e1", "write", write)
    assert (2, ["after"]) == (await database.notes.count_documents({}), told)
