"""Redis goes away, comes back, or comes back empty: nothing acked is lost and nobody waits for ever."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import redis.asyncio as aioredis

from infra.clients import Database, open_redis
from infra.embedded.valkey import Valkey
from tests.tracking.conftest import Process, running
from tests.tracking.rides import Answers, now_ms, ride, send
from tests.tracking.test_histories import seqs_in_stream
from tests.waiting import SCALE, until
from tracking.store import StoreDown
from tracking.tracks import Tracks


@pytest.fixture
async def own_valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    """A Valkey that a test may kill. It writes nothing to disk: a crash loses everything."""
    server = Valkey(tmp_path, extra=("--appendonly", "no")).start()
    yield server
    server.stop()


@pytest.fixture
async def own_redis(own_valkey: Valkey) -> AsyncIterator[aioredis.Redis]:
    """A client of it."""
    async with open_redis(own_valkey.url) as client:
        yield client


async def test_an_outage_is_answered_and_waited_out(own_valkey: Valkey, own_redis: aioredis.Redis, prefix: str) -> None:
    """Without Redis a report is refused as retryable within about 5 s; once it is back the same report is stored."""
    answers, points = Answers(), ride(range(1, 11), now_ms() - 60_000)
    async with running(own_redis, prefix) as process:
        own_valkey.kill()
        asked_s = time.monotonic()
        send(process.reporter, answers, points)
        await until(lambda: answers, within_s=10)
        assert time.monotonic() - asked_s < 7 * SCALE
        assert ("error", "unavailable", True) == tuple(answers[0][name] for name in ("type", "code", "retry"))
        again = Valkey(own_valkey.directory, own_valkey.port, extra=("--appendonly", "no")).start()
        try:
            send(process.reporter, answers, points)
            await until(lambda: len(answers) == 2)
        finally:
            again.stop()
    assert ("location.ack", 10, 0) == tuple(answers[1][name] for name in ("type", "upto", "duplicates"))


async def test_maps_move_on_while_redis_is_away(own_valkey: Valkey, own_redis: aioredis.Redis, prefix: str) -> None:
    """Fixes are shown without Redis, and nothing is acknowledged; once it is back they are stored in their order."""
    answers, start = Answers(), now_ms() - 60_000
    async with running(own_redis, prefix) as process:
        await _acked(process, answers, 1, start)
        stopped = psutil.Process(own_valkey.process.pids()[0])
        stopped.suspend()
        try:
            for seq in range(2, 6):
                send(process.reporter, answers, ride([seq], start))
                await until(lambda expected=seq: len(process.fixes) == expected)
            assert ([1, 2, 3, 4, 5], 1) == ([fix.seq for fix in process.fixes], len(answers))
        finally:
            stopped.resume()
        await until(lambda: len(answers) == 5)
        assert [1, 2, 3, 4, 5] == [answer["upto"] for answer in answers]
        assert [1, 2, 3, 4, 5] == await seqs_in_stream(own_redis, prefix, "r1")


async def test_what_a_crash_of_redis_lost_is_put_back(
    own_valkey: Valkey, own_redis: aioredis.Redis, database: Database, prefix: str
) -> None:
    """Points acked just before a crash that loses them stand in the new Redis again, without the phone."""
    answers, start = Answers(), now_ms() - 60_000
    async with running(own_redis, prefix, recall=Tracks(database).recall) as process:
        first = await _acked(process, answers, 1, start)
        await until(lambda: process.reporter._batch.recent.run_id)
        send(process.reporter, answers, ride(range(2, 40), start))
        await until(lambda: len(answers) == first + 1)
        own_valkey.kill()
        again = Valkey(own_valkey.directory, own_valkey.port, extra=("--appendonly", "no")).start()
        try:
            await until(lambda: _newest_is(process, 39), within_s=15)
            assert list(range(1, 40)) == sorted(await seqs_in_stream(own_redis, prefix, "r1"))
            send(process.reporter, answers, ride(range(35, 42), start))
            await until(lambda: len(answers) == first + 2)
        finally:
            again.stop()
    assert (41, 5) == (answers[-1]["upto"], answers[-1]["duplicates"])


async def _acked(process: Process, answers: Answers, seq: int, start: int) -> int:
    """Report one point and wait for its ack; how many answers there are then."""
    send(process.reporter, answers, ride([seq], start))
    await until(lambda: answers)
    return len(answers)


async def _newest_is(process: Process, seq: int) -> bool:
    """Does Redis say so?"""
    try:
        return (await process.store.newest(["r1"]))["r1"].seq == seq
    except (StoreDown, KeyError):
        return False
