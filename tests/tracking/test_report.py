"""A report is stored once, answered honestly, and moves "now" only forward."""

from typing import Any

import msgspec
import pytest
import redis.asyncio as aioredis

from tests.tracking.conftest import Process, StartProcess
from tests.tracking.rides import Answers, in_stream, now_ms, point, report, ride, send
from tests.waiting import until
from tracking import keys
from tracking.store import TrackingStore


async def stored_seqs(redis: aioredis.Redis, prefix: str) -> list[tuple[str, str, int]]:
    """(rider, client, seq) of every point in the durable stream, in its order."""
    kept = await in_stream(redis, prefix)
    return [(each.rider, told.client, one.seq) for each in kept for told in each.reports for one in told.points]


async def test_an_ack_says_what_became_of_every_point(process: Process) -> None:
    """Fresh points raise `upto`; a bad one is refused by name and counts as handled."""
    answers, start = Answers(), now_ms() - 60_000
    points = [*ride([1, 2], start), point(3, start_ms=start, lat=91.0), *ride([4], start)]
    process.reporter.report("r1", "phone", report(points, 7), now_ms(), answers.append)
    await until(lambda: answers)
    assert [
        {
            "type": "location.ack", "re": 7, "upto": 4, "duplicates": 0, "rejected": [{"seq": 3, "reason": "range"}],
            "durable": "redis", "next": {"interval_ms": 5000, "why": "nobody is watching"},
        }
    ] == answers


async def test_points_sent_twice_are_stored_once(process: Process, redis_client: aioredis.Redis, prefix: str) -> None:
    """A repeated report is counted as duplicates and leaves nothing new in the stream."""
    answers, points = Answers(), ride(range(1, 6), now_ms() - 60_000)
    for _ in range(3):
        send(process.reporter, answers, points)
        await until(lambda: answers)
    await until(lambda: len(answers) == 3)
    assert [0, 5, 5] == [answer["duplicates"] for answer in answers]
    assert [("r1", "phone", seq) for seq in range(1, 6)] == await stored_seqs(redis_client, prefix)


async def test_upto_stops_at_a_gap_and_jumps_when_it_closes(process: Process) -> None:
    """`upto` never covers a seq that has not arrived."""
    answers, start = Answers(), now_ms() - 60_000
    for seqs in ([1, 2], [5, 6], [4], [3]):
        send(process.reporter, answers, ride(seqs, start))
    await until(lambda: len(answers) == 4)
    assert [2, 2, 2, 6] == [answer["upto"] for answer in answers]


async def test_a_late_point_changes_history_but_not_now(process: Process) -> None:
    """An older fix is stored; the newest position and the watchers do not see it."""
    answers, start = Answers(), now_ms() - 60_000
    send(process.reporter, answers, ride([10], start))
    await until(lambda: answers)
    send(process.reporter, answers, ride([5], start))
    await until(lambda: len(answers) == 2)
    assert [10] == [fix.seq for fix in process.fixes]
    assert 10 == (await process.store.newest(["r1"]))["r1"].seq


async def test_a_rider_may_move_between_processes(start_process: StartProcess, prefix: str) -> None:
    """Two processes that take turns agree on what is handled, because Redis decides."""
    one, two = await start_process(), await start_process()
    answers, start = Answers(), now_ms() - 60_000
    for number, process in enumerate([one, two, one, two, one], start=1):
        send(process.reporter, answers, ride([number, number + 1], start))
        await until(lambda expected=number: len(answers) == expected)
    assert [2, 3, 4, 5, 6] == [answer["upto"] for answer in answers]
    assert [0, 1, 1, 1, 1] == [answer["duplicates"] for answer in answers]


async def test_other_processes_hear_of_advanced_fixes(
    process: Process, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Each flush publishes [origin, fixes] on the partition of its riders."""
    async with redis_client.pubsub() as listener:
        await listener.subscribe(f"{prefix}:{keys.positions_topic(keys.partition('r1'))}")
        await until(lambda: listener.get_message(timeout=1))
        send(process.reporter, Answers(), ride([1], now_ms() - 60_000))
        news = await until(lambda: listener.get_message(ignore_subscribe_messages=True, timeout=1))
    origin, fixes = msgspec.msgpack.decode(news["data"])
    assert (process.store.origin, ["r1"]) == (origin, [fix[0] for fix in fixes])


async def test_a_process_that_serves_alone_publishes_nothing(
    process: Process, redis_client: aioredis.Redis, prefix: str
) -> None:
    """It would only hear itself; from the moment another process is on the list, it does publish."""
    other = TrackingStore(redis_client, prefix)
    answers = Answers()
    assert await process.store.enlist(60)
    async with redis_client.pubsub() as listener:
        await listener.subscribe(f"{prefix}:{keys.positions_topic(keys.partition('r1'))}")
        await until(lambda: listener.get_message(timeout=1))
        send(process.reporter, answers, ride([1], now_ms() - 60_000))
        await until(lambda: len(answers) == 1)
        assert await other.enlist(60)
        send(process.reporter, answers, ride([2], now_ms() - 60_000))
        news = await until(lambda: listener.get_message(ignore_subscribe_messages=True, timeout=1))
    assert [2] == [fix[5] for fix in msgspec.msgpack.decode(news["data"])[1]]


async def test_watchers_elsewhere_do_not_wait_for_a_long_floor(
    start_process: StartProcess, redis_client: aioredis.Redis, prefix: str
) -> None:
    """With another process on the list a flush follows the one before at once, however seldom we would store alone."""
    process = await start_process(floor_ms=3_600_000)
    answers, start = Answers(), now_ms() - 60_000
    assert await process.store.enlist(60)
    assert await TrackingStore(redis_client, prefix).enlist(60)
    for seq in range(1, 4):
        send(process.reporter, answers, ride([seq], start))
        await until(lambda expected=seq: len(answers) == expected)


async def test_a_process_learns_that_it_was_believed_gone(redis_client: aioredis.Redis, prefix: str) -> None:
    """Enlisting again tells whether the others may have kept silent meanwhile."""
    store = TrackingStore(redis_client, prefix)
    assert [True, False] == [await store.enlist(60), await store.enlist(60)]
    await store.resign()
    assert await store.enlist(60)


@pytest.mark.parametrize(
    ("points", "more", "field"),
    [([], {}, "points"), (ride(range(201), 0), {}, "points"), (ride([1], 0), {"battery": 1.5}, "battery"),
     (ride([1], 0), {"battery": float("nan")}, "battery"), (ride([1], 0), {"oldest": -1}, "oldest")],
)
async def test_a_report_of_the_wrong_shape_is_refused_whole(
    process: Process, points: list[Any], more: dict[str, float], field: str
) -> None:
    """Its error names the field, and trying the same again is not worth it."""
    answers = Answers()
    process.reporter.report("r1", "phone", report(points, 9, **more), now_ms(), answers.append)
    assert [("error", 9, "bad_request", field, False)] == [
        (each["type"], each["re"], each["code"], each["field"], each["retry"]) for each in answers
    ]


async def test_a_watched_rider_is_asked_to_report_often(process: Process) -> None:
    """While somebody looks, the ack asks for a point a second."""
    answers, start = Answers(), now_ms() - 60_000
    await process.store.mark_watched(["r1"], ttl_s=30)
    send(process.reporter, answers, ride([1], start))
    await until(lambda: answers)
    assert {"interval_ms": 1000, "why": "watched"} == answers[0]["next"]


async def test_a_full_stream_refuses_instead_of_filling_memory(start_process: StartProcess) -> None:
    """With nobody to persist, reports beyond the bound are told to come later, and nothing of them is stored."""
    process = await start_process(max_backlog_bytes=100)
    answers, start = Answers(), now_ms() - 60_000
    send(process.reporter, answers, ride(range(1, 11), start))
    await until(lambda: answers)
    send(process.reporter, answers, ride(range(11, 21), start))
    await until(lambda: len(answers) == 2)
    assert ["location.ack", "error"] == [answer["type"] for answer in answers]
    assert ("unavailable", True, 5000) == tuple(answers[1][name] for name in ("code", "retry", "after_ms"))
    assert 10 == (await process.store.newest(["r1"]))["r1"].seq
