"""kill -9 at any point: what was acked is in MongoDB, each point once, in order."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis.asyncio as aioredis

from infra.clients import Database
from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from tests.ending import over
from tests.tracking.conftest import Process
from tests.tracking.rides import Answers, now_ms, ride, send
from tests.waiting import until
from tracking import keys
from tracking.tracks import Tracks

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
RIDERS = [f"r{number}" for number in range(5)]
PROGRAM = """
import asyncio, sys
from infra.clients import open_mongo, open_redis
from tracking.persister import run_persister

async def main(redis_url, mongo_url, prefix):
    async with open_redis(redis_url) as redis, open_mongo(mongo_url, prefix) as db:
        await run_persister(redis, db, prefix, durability="mongo", claim_after_s=0.3)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def persister(valkey: Valkey, mongod: Mongod, prefix: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A persister in a process of its own, killed without warning at the end of the block."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, valkey.url, mongod.url, prefix, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGKILL)
        await over(child.wait())


async def test_a_persister_killed_again_and_again_loses_and_doubles_nothing(
    process: Process, redis_client: aioredis.Redis, database: Database, valkey: Valkey, mongod: Mongod, prefix: str
) -> None:
    """Five persisters die while points keep coming; the sixth finishes what they left."""
    answers, start, seq = Answers(), now_ms() - 86_400_000, 0
    for _ in range(5):
        async with persister(valkey, mongod, prefix):
            before = await _stored(database)
            while await _stored(database) <= before:  # killed in the midst of writing, with points still coming
                seq += 10
                for rider in RIDERS:
                    send(process.reporter, answers, ride(range(seq - 9, seq + 1), start), rider=rider)
                expected = seq // 10 * len(RIDERS)
                await until(lambda expected=expected: len(answers) == expected)
    async with persister(valkey, mongod, prefix):
        await until(lambda: _is_empty(redis_client, prefix), within_s=30)
    assert [] == answers.of_type("error")
    tracks = Tracks(database)
    for rider in RIDERS:
        stored = [each.seq for each in (await tracks.read(rider, 0, now_ms() + 86_400_000)).points]
        assert list(range(1, seq + 1)) == stored
    assert b"0" == await redis_client.get(keys.backlog(prefix))


async def _stored(database: Database) -> int:
    """How many times chunks were written."""
    return sum([each["rev"] async for each in database["tracks"].find({}, {"rev": 1})])


async def _is_empty(redis: aioredis.Redis, prefix: str) -> bool:
    return await redis.xlen(keys.stream(prefix)) == 0
