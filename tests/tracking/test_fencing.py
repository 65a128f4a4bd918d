"""Stored points past the fences: each event once, whoever dies in between; trimming waits for every group."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio as aioredis

from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.shape import circle
from geo.fences.table import FenceTable
from infra.clients import Database
from tests.ending import cancelled
from tests.tracking.conftest import Process
from tests.tracking.rides import START_LAT, START_LNG, STEP_DEG, Answers, now_ms, point, ride, send
from tests.waiting import until
from tracking import keys
from tracking.fencing import Fencing
from tracking.messages import MAX_POINTS
from tracking.persister import Persister

MIDDLE = 150


class Notebook:
    """Where events are stored: once by id, as the real one does, and a count of how often each was offered."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.offered = 0
        self.is_broken = False

    async def record(self, events: Sequence[Event]) -> None:
        if self.is_broken:
            raise OSError("the database is away")
        self.offered += len(events)
        for event in events:
            self.events.setdefault(event.event_id, event)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events.values()]


def table() -> FenceTable:
    """One circle on the way."""
    return FenceTable([Fence("f", circle(START_LAT, START_LNG + STEP_DEG * MIDDLE, 100))])


@asynccontextmanager
async def fencing(redis: aioredis.Redis, prefix: str, notebook: Notebook, **options: Any) -> AsyncIterator[Fencing]:
    """A worker that watches the fence until the end of the block, and then dies."""
    worker = Fencing(redis, prefix, table(), notebook.record, **options)
    task = asyncio.create_task(worker.run(asyncio.Event()))
    try:
        yield worker
    finally:
        await cancelled(task)


async def reported(process: Process, seqs: Sequence[int], start: int, rider: str = "r1") -> None:
    """The points are stored, in reports as large as they may be."""
    answers = Answers()
    for first in range(0, len(seqs), MAX_POINTS):
        send(process.reporter, answers, ride(seqs[first : first + MAX_POINTS], start), rider=rider)
        await until(lambda expected=first // MAX_POINTS: len(answers) > expected)
    assert [] == answers.of_type("error")


@pytest.mark.parametrize("cut", [20, 125, 127, 150, 172, 180])
async def test_a_worker_that_dies_anywhere_tells_everything_once(
    process: Process, redis_client: aioredis.Redis, prefix: str, cut: int
) -> None:
    """The next worker goes on in the middle of a visit: one enter, one exit."""
    notebook, start = Notebook(), now_ms() - 600_000
    async with fencing(redis_client, prefix, notebook, lease_ms=200):
        await reported(process, range(1, cut), start)
        await until(lambda: _done(redis_client, prefix))
    async with fencing(redis_client, prefix, notebook, lease_ms=200):
        await reported(process, range(cut, 301), start)
        await until(lambda: notebook.kinds == ["enter", "exit"])
        await until(lambda: _done(redis_client, prefix))
    assert (["enter", "exit"], 2) == (notebook.kinds, notebook.offered)


async def test_dying_between_telling_and_keeping_doubles_nothing(
    process: Process, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Events stored without the progress being kept come again with the same ids."""
    notebook, start = Notebook(), now_ms() - 600_000
    await reported(process, range(1, 301), start)
    dead = Fencing(redis_client, prefix, table(), notebook.record)
    await dead._set_up()

    async def dies(*_: object) -> bool:
        raise asyncio.CancelledError

    dead._settle = dies  # type: ignore[method-assign, assignment]
    dead._from = ">"
    with pytest.raises(asyncio.CancelledError):
        await dead._turn()
    async with fencing(redis_client, prefix, notebook):
        await until(lambda: notebook.offered == 4)
        await until(lambda: _done(redis_client, prefix))
    assert ["enter", "exit"] == notebook.kinds


async def test_an_outage_of_the_database_is_waited_out(
    process: Process, redis_client: aioredis.Redis, prefix: str
) -> None:
    """While events cannot be stored the points stay; afterwards nothing is missing."""
    notebook, start = Notebook(), now_ms() - 600_000
    notebook.is_broken = True
    async with fencing(redis_client, prefix, notebook):
        await reported(process, range(1, 301), start)
        await until(lambda: _pending(redis_client, prefix))
        notebook.is_broken = False
        await until(lambda: notebook.kinds == ["enter", "exit"])


async def test_only_one_worker_watches(process: Process, redis_client: aioredis.Redis, prefix: str) -> None:
    """Two at once take turns by the lease: points stay in order, events come once."""
    notebook, start = Notebook(), now_ms() - 600_000
    async with fencing(redis_client, prefix, notebook), fencing(redis_client, prefix, notebook):
        for first in range(1, 301, 20):
            await reported(process, range(first, first + 20), start)
        await until(lambda: _done(redis_client, prefix))
    assert (["enter", "exit"], 2) == (notebook.kinds, notebook.offered)


async def test_entries_wait_for_every_group(
    process: Process, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """What is in MongoDB stays in the stream until fences have seen it, and then the counter is at zero."""
    notebook, start, stop = Notebook(), now_ms() - 600_000, asyncio.Event()
    await Fencing(redis_client, prefix, table(), notebook.record)._set_up()
    persisting = asyncio.create_task(Persister(redis_client, database, prefix, linger_s=0.0).run(stop))
    await reported(process, range(1, 301), start)
    await until(lambda: database["tracks"].find_one({"_id.r": "r1"}))
    await until(lambda: _acked(redis_client, prefix, b"tracks"))
    assert 0 < await redis_client.xlen(keys.stream(prefix))
    async with fencing(redis_client, prefix, notebook):
        await until(lambda: _is_empty(redis_client, prefix))
    stop.set()
    await persisting
    assert (["enter", "exit"], b"0") == (notebook.kinds, await redis_client.get(keys.backlog(prefix)))


async def test_late_points_tell_late(process: Process, redis_client: aioredis.Redis, prefix: str) -> None:
    """A backlog that arrives after the present is told as late, once."""
    notebook, start = Notebook(), now_ms() - 600_000
    answers = Answers()
    async with fencing(redis_client, prefix, notebook):
        await reported(process, range(1, 50), start)
        send(process.reporter, answers, [point(400 + at, start_ms=start) for at in range(3)])
        await until(lambda: answers)
        await reported(process, range(60, 300), start)
        await until(lambda: len(notebook.kinds) >= 2)
    assert [("enter", True), ("exit", True)] == [(each.kind, each.late) for each in notebook.events.values()]


async def _group(redis: aioredis.Redis, prefix: str, name: bytes) -> dict[str, object]:
    groups = await redis.xinfo_groups(keys.stream(prefix))
    return next((group for group in groups if group["name"] == name), {})


async def _acked(redis: aioredis.Redis, prefix: str, name: bytes) -> bool:
    group = await _group(redis, prefix, name)
    last = await redis.xrevrange(keys.stream(prefix), count=1)
    return group.get("pending") == 0 and bool(last) and group["last-delivered-id"] == last[0][0]  # type: ignore[index]


async def _done(redis: aioredis.Redis, prefix: str) -> bool:
    return await _is_empty(redis, prefix)


async def _pending(redis: aioredis.Redis, prefix: str) -> bool:
    return bool((await _group(redis, prefix, b"fences")).get("pending"))


async def _is_empty(redis: aioredis.Redis, prefix: str) -> bool:
    return await redis.xlen(keys.stream(prefix)) == 0
