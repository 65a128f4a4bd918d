"""A phone app's request on its way: whose key, not too often, understood, numbered, and reported like any other.

What the rules refuse (too old, impossible, doubled) is answered like what was stored: the app must forget it, or it
would send it for ever and nothing after it. Only what could not be kept just now is worth a second try.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from api.errors import Refused
from api.phones.reading import Form, Reading, Sent
from api.phones.store import Device, DeviceStore
from api.phones.understand import understand
from api.socket.limits import Rate, spend
from tracking.acceptance import reason_against
from tracking.messages import MAX_POINTS, LocationReport, Point
from tracking.report import Reporter
from tracking.store import StoreDown, TrackingStore

PACE = Rate(5, 60)
MOST_PHONES = 50_000
ONLINE_FOR_S = 90.0
ANSWER_WITHIN_S = 8.0
LATE = Refused("unavailable", "The places could not be stored in time; send them again.", after_ms=5000)
DEAD = Refused("not_found", "No phone has this key, or no longer: ask for a new address.")


class Turned(msgspec.Struct, frozen=True):
    """A place that does not count, and why: one of the reasons of `location.ack`."""

    ts: int
    reason: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request. `unclear`: parts that said no place; `next_ms`: when to report again, by our wish."""

    form: Form
    stored: int = 0
    duplicates: int = 0
    refused: tuple[Turned, ...] = ()
    unclear: int = 0
    next_ms: int | None = None


class Intake:
    """The way in for phones; `now_ms` is the wall clock."""

    def __init__(
        self, devices: DeviceStore, reporter: Reporter, tracking: TrackingStore, now_ms: Callable[[], int]
    ) -> None:
        self.devices, self.reporter, self.tracking, self.now_ms = devices, reporter, tracking, now_ms
        self._full_at_s: dict[str, float] = {}

    async def take(self, key: str, query: str, body: bytes, *, is_owntracks: bool = False) -> Taken | Refused:
        """Everything about one request; nothing is stored of one that is refused."""
        device = await self.devices.by_key(key)
        if device is None:
            return DEAD
        hasty = self._spend(device.id, time.monotonic())
        if hasty is not None:
            return hasty
        received_ms = self.now_ms()
        sent = understand(query, body, received_ms, is_owntracks=is_owntracks)
        if isinstance(sent, Refused):
            return sent
        with suppress(StoreDown):
            await self.tracking.online([device.rider], f"device:{device.id}", ONLINE_FOR_S)
        return await self._report(device, sent, received_ms)

    async def _report(self, device: Device, sent: Sent, received_ms: int) -> Taken | Refused:
        points, turned = [], []
        for reading in sorted(sent.readings, key=lambda each: each.ts):
            reason = reason_against(_point(reading, 0), received_ms)
            if reason is None:
                points.append(reading)
            else:
                self.reporter.counts[f"rejected_{reason}"] += 1
                turned.append(Turned(reading.ts, reason))
        seqs = await self.devices.number(device.id, [reading.ts for reading in points]) if points else {}
        if seqs is None:
            return DEAD
        acks = []
        for start in range(0, len(points), MAX_POINTS):
            part = [_point(reading, seqs[reading.ts]) for reading in points[start : start + MAX_POINTS]]
            ack = await self._store(device, part, sent.battery, received_ms)
            if ack is None:
                return LATE
            acks.append(ack)
        times = {seq: ts for ts, seq in seqs.items()}
        rejected = [Turned(times[each["seq"]], each["reason"]) for ack in acks for each in ack["rejected"]]
        duplicates = sum(ack["duplicates"] for ack in acks)
        return Taken(
            form=sent.form, stored=len(points) - len(rejected) - duplicates, duplicates=duplicates,
            refused=(*turned, *rejected), unclear=sent.unclear,
            next_ms=acks[-1]["next"]["interval_ms"] if acks else None,
        )

    async def _store(
        self, device: Device, points: list[Point], battery: float | None, received_ms: int
    ) -> dict[str, Any] | None:
        """One report, answered when it is durable; None when it is not."""
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def answer(message: dict[str, object]) -> None:
            if not answered.done():
                answered.set_result(message)

        report = LocationReport(id=0, points=points, battery=battery)
        self.reporter.report(device.rider, f"device:{device.id}", report, received_ms, answer)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                ack = await answered
                return ack if ack["type"] == "location.ack" else None
        return None

    def _spend(self, device_id: str, now_s: float) -> Refused | None:
        """A bucket of requests for each phone, in this process."""
        full_at, wait_s = spend(self._full_at_s.get(device_id, 0.0), now_s, PACE)
        if wait_s:
            return Refused("rate_limited", "This phone sends too often.", after_ms=int(wait_s * 1000) + 1)
        if len(self._full_at_s) >= MOST_PHONES:
            self._full_at_s = {each: at for each, at in self._full_at_s.items() if at > now_s}
        self._full_at_s[device_id] = full_at
        return None


def _point(reading: Reading, seq: int) -> Point:
    return Point(
        seq, reading.ts, reading.lat, reading.lng, reading.accuracy, reading.speed, reading.heading, reading.altitude
    )
