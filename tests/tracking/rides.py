"""Points and reports for tests: a rider goes east from the centre of Manila at a bicycle's speed, a point a second."""

import time
from collections.abc import Iterable
from typing import Any

import msgspec
import redis.asyncio as aioredis

from tracking import keys
from tracking.messages import LocationReport, Point
from tracking.report import Reporter
from tracking.riders import Remembered
from tracking.state import KeptRider

START_LAT, START_LNG = 14.5995, 120.9842
STEP_DEG = 0.00004  # 4.3 m of longitude there


def now_ms() -> int:
    """This moment in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def point(seq: int, *, start_ms: int, lat: float = START_LAT, lng: float | None = None, **more: Any) -> Point:
    """Point number `seq` of the ride that started at `start_ms`."""
    given = {"ts": start_ms + 1000 * seq, "accuracy": 5.0, "speed": 4.3, "heading": 90.0} | more
    return Point(seq=seq, lat=lat, lng=START_LNG + STEP_DEG * seq if lng is None else lng, **given)


def ride(seqs: Iterable[int], start_ms: int) -> list[Point]:
    """The points with these seqs, in the order given."""
    return [point(seq, start_ms=start_ms) for seq in seqs]


def report(points: list[Point], number: int = 1, **more: Any) -> LocationReport:
    """A report of these points."""
    return LocationReport(id=number, points=points, **more)


async def remembers_nothing(rider: str) -> Remembered:
    """The memory of a service that was installed today."""
    return Remembered()


class Answers(list[dict[str, Any]]):
    """Collects answers: `reporter.report(..., answer=answers.append)`."""

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The answers of one message type."""
        return [answer for answer in self if answer["type"] == kind]


def send(
    reporter: Reporter, answers: Answers, points: list[Point], *, rider: str = "r1", client: str = "phone"
) -> None:
    """Report the points now; the answer lands in `answers`."""
    reporter.report(rider, client, report(points, len(answers) + 1), now_ms(), answers.append)


async def in_stream(redis: aioredis.Redis, prefix: str) -> list[KeptRider]:
    """What the durable stream holds, in its order."""
    entries: Any = await redis.xrange(keys.stream(prefix))
    return [kept for _, fields in entries for kept in msgspec.msgpack.decode(fields[b"b"], type=list[KeptRider])]
