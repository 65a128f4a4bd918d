"""What was missed is read again: nothing stays wrong because a message between processes was lost."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest
import redis.asyncio as aioredis

from geo.box import Box
from tests.ending import cancelled
from tests.tracking.conftest import Process
from tests.tracking.rides import START_LAT, Answers, now_ms, ride, send
from tests.tracking.watchers import Scenery
from tests.waiting import until
from tracking.presence import Attendance
from tracking.store import TrackingStore
from tracking.vigil import Vigil


async def no_news(topic: str, payload: bytes) -> None:
    """A relay that reaches nobody."""


@pytest.fixture
async def deaf(redis_client: aioredis.Redis, prefix: str) -> AsyncIterator[Scenery]:
    """A watching process, kept by its vigil, that never hears of the other process."""
    city = Scenery(TrackingStore(redis_client, prefix))
    city.now_ms = now_ms()
    task = asyncio.create_task(Vigil(city.watch, Attendance(city.watch.store, no_news, now_ms)).run())
    yield city
    await cancelled(task)


async def reported(process: Process, seq: int) -> None:
    """The rider reports a point, and it is stored."""
    answers = Answers()
    send(process.reporter, answers, ride([seq], now_ms() - 5000))
    await until(lambda: answers)


async def test_a_fix_from_before_the_subscription_was_up_is_found(deaf: Scenery, process: Process) -> None:
    """Between the first look and Redis' confirmation a fix may pass unheard: a new rider is read once more."""
    page = deaf.rider()
    assert "position" not in await deaf.watch.rider_state("r1")
    await reported(process, 1)
    await until(lambda: deaf.watch.riders["r1"].newest)
    assert [1] == [message["seq"] for message in page.read()]


async def test_a_fix_lost_with_the_relay_is_found(deaf: Scenery, process: Process) -> None:
    """When continuity is lost, everything watched is read again: riders and areas."""
    deaf.rider()
    viewport = deaf.watch.areas.open("area:120,14,121,15", Box(120, 14, 121, 15), 1.0)
    await reported(process, 1)
    await until(lambda: deaf.watch.riders["r1"].newest)
    await deaf.watch.areas.ready()
    await reported(process, 2)
    deaf.watch.doubt()
    await until(lambda: (fix := deaf.watch.riders["r1"].newest) and fix.seq == 2)
    await until(lambda: (fix := viewport.inside.get("r1")) and fix.seq == 2)
    assert START_LAT == viewport.inside["r1"].lat


async def test_phones_on_a_dispatchers_map_report_often(deaf: Scenery, process: Process) -> None:
    """A rider whom an open map shows singly is told "watched" with a report soon after."""
    await reported(process, 1)
    deaf.watch.areas.open("area:120,14,121,15", Box(120, 14, 121, 15), 1.0)
    seqs = count(2)

    async def is_told() -> bool:
        answers = Answers()
        send(process.reporter, answers, ride([next(seqs)], now_ms() - 5000))
        await until(lambda: answers)
        return bool(answers[0]["next"]["why"] == "watched")

    await until(is_told)
