"""Random histories through two processes on one Redis: every valid point once, `upto` honest, "now" the newest."""

import redis.asyncio as aioredis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracking.conftest import running
from tests.tracking.rides import Answers, in_stream, now_ms, ride, send
from tests.waiting import until

Step = tuple[int, list[int]]  # which process, which seqs
SEQS = st.lists(st.integers(1, 25), min_size=1, max_size=12)
STEPS = st.lists(st.tuples(st.integers(0, 1), SEQS), min_size=1, max_size=12)


async def seqs_in_stream(redis: aioredis.Redis, prefix: str, rider: str) -> list[int]:
    """Every seq that the stream holds for the rider."""
    entries = [kept for kept in await in_stream(redis, prefix) if kept.rider == rider]
    return [point.seq for kept in entries for each in kept.reports for point in each.points]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, waits=st.lists(st.booleans(), min_size=12, max_size=12))
async def test_two_processes_agree_on_any_history(
    redis_client: aioredis.Redis, prefix: str, steps: list[Step], waits: list[bool]
) -> None:
    """Whoever takes a report, and whether the last one was answered or not, the outcome is the same set."""
    prefix = f"{prefix}:{now_ms()}:{id(steps)}"
    answers, start = Answers(), now_ms() - 600_000
    async with running(redis_client, prefix) as one, running(redis_client, prefix) as two:
        for number, ((process, seqs), wait) in enumerate(zip(steps, waits, strict=False), start=1):
            send((one, two)[process].reporter, answers, ride(seqs, start))
            if wait:
                await until(lambda expected=number: len(answers) == expected, every_s=0.001)
        await until(lambda: len(answers) == len(steps), every_s=0.001)
        newest = (await one.store.newest(["r1"]))["r1"]
    sent = {seq for _, seqs in steps for seq in seqs}
    floor = 0
    while floor + 1 in sent:
        floor += 1
    assert sorted(sent) == sorted(await seqs_in_stream(redis_client, prefix, "r1"))
    assert (floor or -1) == max(answer["upto"] for answer in answers)
    assert max(sent) == newest.seq
    assert sum(len(seqs) for _, seqs in steps) - len(sent) == sum(answer["duplicates"] for answer in answers)
