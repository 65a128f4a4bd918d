"""Where riders are headed, by which route, and what a fix tells of it: the steps of arrival, off the route and back.

A route is asked for at the first fix of an errand and kept in Redis, so that whoever judges the next fix, or the same
one again, judges by the same line. Without an answer in ASK_S the errand goes on without a route for a while.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
import numpy as np

from city.routing.way import Place, Router, Unanswered
from geo.fences.events import Event
from geo.fences.offroute import BACK_M, Routed, drift
from geo.fences.stops import Stop, climb
from geo.fences.track import Ping, RiderState
from geo.progress import Line
from tracking import keys

ASK_S, ASK_AGAIN_S = 1.5, 60.0
KEPT_S = 86_400
MOST_ASKED, MOST_REMEMBERED = 20, 5_000
Stops = Callable[[set[str]], Awaitable[dict[str, list[Stop]]]]
_decode = msgspec.msgpack.Decoder(tuple[list[float], list[float]]).decode


class Wanted(NamedTuple):
    """An errand without a line: from where to where."""

    key: str
    start: Place
    end: Place


class Errands:
    """One worker's part in it. `router` is None where nobody knows ways."""

    def __init__(self, redis: Any, prefix: str, stops: Stops, router: Router | None = None) -> None:
        self._redis, self._prefix, self._stops, self._router = redis, prefix, stops, router
        self._lines: dict[str, Line] = {}
        self._asked_s: dict[str, float] = {}

    async def judge(self, states: Mapping[str, RiderState], pings: Sequence[Ping]) -> list[Event]:
        """What the fixes tell of the riders' errands; `states` are changed in place."""
        headed = await self._stops(set(states))
        errands = {rider: _keyed(stops) for rider, stops in headed.items()}
        for rider, state in states.items():
            _forget(state, errands.get(rider, {}))
        if self._router is not None:
            await self._find(_wanted(errands, pings))
        events: list[Event] = []
        for ping in pings:
            theirs = errands.get(ping.rider)
            if theirs:
                events += self._one(states[ping.rider], theirs, ping)
        return events

    def _one(self, state: RiderState, errands: Mapping[str, Stop], ping: Ping) -> list[Event]:
        routed = [Routed(key, stop, self._lines[key]) for key, stop in errands.items() if key in self._lines]
        events, found = drift(state.drifts, routed, ping)
        for key, stop in errands.items():
            at = found.get(key)
            by_road_m = at.left_m if at is not None and at.off_m < BACK_M else None
            events += climb(state.ladders, stop, ping, by_road_m)
        return events

    async def _find(self, wanted: Iterable[Wanted]) -> None:
        """Lines for these errands: remembered, kept in Redis, or asked for."""
        if len(self._lines) > MOST_REMEMBERED:
            self._lines, self._asked_s = {}, {}
        now_s = time.monotonic()
        unknown = [
            each for each in wanted
            if each.key not in self._lines and now_s - self._asked_s.get(each.key, -ASK_AGAIN_S) >= ASK_AGAIN_S
        ]
        if not unknown:
            return
        kept = await self._redis.mget([keys.expected_route(self._prefix, each.key) for each in unknown])
        for each, blob in zip(unknown, kept, strict=True):
            if blob:
                self._lines[each.key] = Line(*map(np.asarray, _decode(blob)))
        asked = [each for each in unknown if each.key not in self._lines][:MOST_ASKED]
        await asyncio.gather(*(self._ask(each, now_s) for each in asked))

    async def _ask(self, wanted: Wanted, now_s: float) -> None:
        assert self._router is not None  # noqa: S101 - nobody is asked without one
        self._asked_s[wanted.key] = now_s
        try:
            async with asyncio.timeout(ASK_S):
                way = await self._router.way(wanted.start, wanted.end)
        except (TimeoutError, Unanswered):
            return
        if way is None or len(way.lat) < 2:
            return
        columns = (way.lat.round(6).tolist(), way.lng.round(6).tolist())
        name = keys.expected_route(self._prefix, wanted.key)
        await self._redis.set(name, msgspec.msgpack.encode(columns), ex=KEPT_S)
        self._lines[wanted.key] = Line(*map(np.asarray, columns))


def _keyed(stops: Sequence[Stop]) -> dict[str, Stop]:
    """An errand is a stop among a rider's stops: when these change, riders take another way, and that is a new one."""
    among = crc32("\x1f".join(sorted(f"{stop.order}:{stop.name}" for stop in stops)).encode())
    return {f"{stop.order}:{stop.name}:{among:08x}": stop for stop in stops}


def _wanted(errands: Mapping[str, Mapping[str, Stop]], pings: Sequence[Ping]) -> list[Wanted]:
    """Each errand from its first fix on."""
    found: dict[str, Wanted] = {}
    for ping in pings:
        for key, stop in errands.get(ping.rider, {}).items():
            if key not in found and ping.ts >= stop.since_ms:
                found[key] = Wanted(key, (ping.lat, ping.lng), (stop.lat, stop.lng))
    return list(found.values())


def _forget(state: RiderState, errands: Mapping[str, Stop]) -> None:
    """What was known of errands that are over."""
    if state.ladders:
        running = {f"{stop.order}:{stop.name}" for stop in errands.values()}
        state.ladders = {key: each for key, each in state.ladders.items() if key in running}
    if state.drifts:
        state.drifts = {key: each for key, each in state.drifts.items() if key in errands}
