"""What was acked is in MongoDB exactly once and in order, whatever happens to the persister."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis.asyncio as aioredis

from infra.clients import Database
from tests.ending import cancelled, over
from tests.tracking.conftest import Process, StartProcess
from tests.tracking.rides import Answers, now_ms, point, report, ride, send
from tests.waiting import until
from tracking import keys
from tracking.persister import Persister, linger
from tracking.state import KeptPoint
from tracking.tracks import Tracks


@asynccontextmanager
async def persisting(redis: aioredis.Redis, db: Database, prefix: str, **options: float) -> AsyncIterator[Persister]:
    """A persister that runs until the end of the block, and then stops gracefully."""
    persister, stop = Persister(redis, db, prefix, **{"linger_s": 0.05} | options), asyncio.Event()  # type: ignore[arg-type]
    task = asyncio.create_task(persister.run(stop))
    try:
        yield persister
    finally:
        stop.set()
        await over(task)


async def read_all(db: Database, rider: str = "r1") -> list[KeptPoint]:
    """The rider's whole track."""
    return (await Tracks(db).read(rider, 0, now_ms() + 86_400_000)).points


async def test_every_acked_point_reaches_mongo_once_and_in_order(
    process: Process, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """Shuffled and doubled reports become one ordered track over several minutes."""
    answers, start = Answers(), now_ms() - 600_000
    async with persisting(redis_client, database, prefix):
        for seqs in (range(1, 100), range(200, 300), range(50, 250), range(1, 20)):
            send(process.reporter, answers, ride(seqs, start))
        await until(lambda: len(answers) == 4)
        await until(lambda: redis_client.xlen(keys.stream(prefix)) if not answers else _is_empty(redis_client, prefix))
    assert list(range(1, 300)) == [each.seq for each in await read_all(database)]
    assert b"0" == await redis_client.get(keys.backlog(prefix))


async def _is_empty(redis: aioredis.Redis, prefix: str) -> bool:
    return await redis.xlen(keys.stream(prefix)) == 0


async def test_a_dead_persisters_entries_are_claimed(
    process: Process, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """Entries that one read and never acknowledged are written by the next."""
    dead = Persister(redis_client, database, prefix)
    await dead._set_up()
    answers = Answers()
    send(process.reporter, answers, ride(range(1, 11), now_ms() - 60_000))
    await until(lambda: answers)
    await redis_client.xreadgroup("tracks", "dead", {keys.stream(prefix): ">"})
    async with persisting(redis_client, database, prefix, claim_after_s=0.1):
        await until(lambda: _is_empty(redis_client, prefix))
    assert list(range(1, 11)) == [each.seq for each in await read_all(database)]


async def test_several_persisters_do_not_lose_each_others_points(
    process: Process, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """Three at once on the same minutes of one rider: a chunk changed meanwhile is read again."""
    answers, start = Answers(), now_ms() - 120_000
    async with (
        persisting(redis_client, database, prefix, linger_s=0.0),
        persisting(redis_client, database, prefix, linger_s=0.0),
        persisting(redis_client, database, prefix, linger_s=0.0),
    ):
        for seq in range(1, 101):
            send(process.reporter, answers, ride([seq], start))
            await until(lambda expected=seq: len(answers) == expected, every_s=0.001)
        await until(lambda: _is_empty(redis_client, prefix))
    assert list(range(1, 101)) == [each.seq for each in await read_all(database)]


@pytest.mark.parametrize(
    ("linger_s", "points", "waits_s"),
    [(2.0, 0, 2.0), (2.0, 1000, 2.0), (2.0, 1001, 8.0), (0.0, 0, 0.0), (0.0, 9000, 0.0)],
)
def test_points_gather_longer_when_they_come_fast(linger_s: float, points: int, waits_s: float) -> None:
    """Up to 500 a second are written after `linger_s`, more after four times that; without it, none waits."""
    assert waits_s == linger(linger_s, points)


async def test_an_ack_that_promises_mongo_waits_for_mongo(
    start_process: StartProcess, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """With DURABILITY=mongo the points are readable in MongoDB when the ack arrives, also for a repeated report."""
    process: Process = await start_process(durability="mongo")
    answers, points = Answers(), ride(range(1, 11), now_ms() - 60_000)

    async def listen() -> None:
        async with redis_client.pubsub() as news:
            await news.subscribe(f"{prefix}:{keys.PERSISTED}")
            async for message in news.listen():
                if message["type"] == "message":
                    process.reporter.persisted(message["data"])

    listener = asyncio.create_task(listen())
    send(process.reporter, answers, points)
    send(process.reporter, answers, points)
    await until(lambda: redis_client.xlen(keys.stream(prefix)))
    assert [] == answers
    async with persisting(redis_client, database, prefix, linger_s=0.0):
        await until(lambda: len(answers) == 2)
        assert ["mongo", "mongo"] == [answer["durable"] for answer in answers]
        assert list(range(1, 11)) == [each.seq for each in await read_all(database)]
    await cancelled(listener)


async def test_an_unreadable_entry_is_set_aside(
    process: Process, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """Bytes that nobody can decode do not stop the points behind them."""
    entry: Any = await redis_client.xadd(keys.stream(prefix), {"b": b"\xc1 not ours"})
    answers = Answers()
    send(process.reporter, answers, ride([1], now_ms() - 60_000))
    await until(lambda: answers)
    async with persisting(redis_client, database, prefix):
        await until(lambda: _is_empty(redis_client, prefix))
    assert [1] == [each.seq for each in await read_all(database)]
    assert [entry.decode()] == [each["_id"] async for each in database["tracks_unreadable"].find()]


async def test_what_redis_lost_is_recalled_from_the_tracks(
    start_process: StartProcess, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """With the rider's state gone, `upto`, duplicates, refused seqs and "now" go on where they were."""
    answers, start = Answers(), now_ms() - 600_000
    process: Process = await start_process(recall=Tracks(database).recall)
    bad = point(5, start_ms=start, lat=91.0)
    async with persisting(redis_client, database, prefix):
        process.reporter.report("r1", "phone", report([*ride(range(1, 5), start), bad], 1), now_ms(), answers.append)
        send(process.reporter, answers, ride(range(6, 101), start))
        await until(lambda: len(answers) == 2)
        await until(lambda: _is_empty(redis_client, prefix))
    await redis_client.delete(keys.riders(prefix))
    again: Process = await start_process(recall=Tracks(database).recall)
    send(again.reporter, answers, ride(range(90, 103), start))
    await until(lambda: len(answers) == 3)
    assert (102, 11) == (answers[2]["upto"], answers[2]["duplicates"])
    send(again.reporter, answers, ride([200], start - 300_000))
    await until(lambda: len(answers) == 4)
    assert 102 == (await again.store.newest(["r1"]))["r1"].seq
