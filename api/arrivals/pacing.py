"""The worker learns how fast streets are from stored points; servers take the newest version each half minute.

Two fixes of a rider, a few seconds apart and both on a street, are a segment when the way between them is about as long
as they are apart. What is older than GOOD_FOR_S, of other streets or out of bounds is not used, and without a good
version streets are at free flow.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from geo.fences.track import Ping, Spot
from geo.point import distance_m
from tracking.eta.store import PaceStore, Unanswered

if TYPE_CHECKING:
    from city.graph import Graph
    from city.paces import Paces

log = structlog.get_logger(__name__)
LEAST_MS, MOST_MS, LEAST_M = 4_000, 60_000, 30.0
ON_STREET_M = 30.0
LONGER, LONGER_M = 1.6, 60.0  # a way so much longer than the crow's was not the one driven
MOST_WAITING, MOST_RIDERS = 2_000, 50_000
LEARN_EVERY_S, TELL_EVERY_S, LOOK_EVERY_S = 2.0, 60.0, 30.0
GOOD_FOR_S = 900.0
Segment = tuple[Spot, Spot]
StreetsOf = Callable[[], Awaitable["Graph | None"]]


class Segments:
    """Picks segments out of the stream of fixes; the oldest are dropped when nobody takes them in time."""

    def __init__(self) -> None:
        self.waiting: deque[Segment] = deque(maxlen=MOST_WAITING)
        self._last: dict[str, Spot] = {}

    def hear(self, pings: Sequence[Ping]) -> None:
        """Fixes as they were stored."""
        if len(self._last) > MOST_RIDERS:
            self._last.clear()
        for ping in pings:
            last, here = self._last.get(ping.rider), Spot(ping.ts, ping.lat, ping.lng)
            if last is None or ping.ts - last.ts > MOST_MS:
                self._last[ping.rider] = here
            elif ping.ts - last.ts >= LEAST_MS:
                self._last[ping.rider] = here
                if distance_m(last.lat, last.lng, here.lat, here.lng) >= LEAST_M:
                    self.waiting.append((last, here))


def learn(graph: "Graph", paces: "Paces", segments: Sequence[Segment]) -> int:
    """Note what the segments say of the streets; how many said something."""
    from city.places import Route, SnappedPoint

    noted = 0
    for a, b in segments:
        start, end = graph.snap(a.lat, a.lng, ON_STREET_M), graph.snap(b.lat, b.lng, ON_STREET_M)
        if not (isinstance(start, SnappedPoint) and isinstance(end, SnappedPoint)):
            continue
        route = graph.route(start, end)
        crow_m = distance_m(a.lat, a.lng, b.lat, b.lng)
        if isinstance(route, Route) and route.distance_m <= LONGER * crow_m + LONGER_M:
            paces.note(route.edge, route.pieces_s, (b.ts - a.ts) / 1000, b.ts / 1000)
            noted += 1
    return noted


async def learn_paces(segments: Segments, streets: StreetsOf, store: PaceStore) -> None:
    """The worker's duty: learn, and tell each minute when there was something to learn."""
    from city.paces import Paces, packed

    graph = await streets()
    if graph is None:
        await asyncio.Event().wait()  # no streets, nothing to learn
        return
    paces, noted, told_s = Paces(graph.streets), 0, time.monotonic()
    while True:
        await asyncio.sleep(LEARN_EVERY_S)
        batch = list(segments.waiting)
        segments.waiting.clear()
        noted += await asyncio.to_thread(learn, graph, paces, batch)
        if noted and time.monotonic() - told_s >= TELL_EVERY_S:
            slowness = packed(paces.slowness(time.time()))
            told_s = time.monotonic()
            try:
                await store.ensure_indexes()
                version = await store.keep(slowness, len(slowness))
            except Unanswered as error:  # the next minute's version says it too
                log.warning("street paces cannot be kept", error=type(error).__name__)
            else:
                log.info("streets by new paces", version=version, segments=noted)
                noted = 0


class PaceFollower:
    """A serving process's streets follow the newest good version. `changed` is called when weights were replaced."""

    def __init__(self, store: PaceStore, streets: StreetsOf, changed: Callable[[], None]) -> None:
        self._store, self._streets, self._changed = store, streets, changed
        self.version = 0

    async def run(self) -> None:
        """Look for ever; what cannot be read changes nothing until it is too old."""
        while True:
            try:
                await self.look()
            except Unanswered as error:
                log.warning("street paces cannot be looked for", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look once."""
        graph = await self._streets()
        if graph is None:
            return
        found = await self._store.newest()
        if found is None or found[1] > GOOD_FOR_S:
            if self.version:
                await self._use(graph, 0, None)
            return
        version, _, stored = found
        if version == self.version:
            return
        from city.paces import unpacked

        try:
            await self._use(graph, version, unpacked(stored, len(graph.streets.tail)))
        except ValueError as error:
            log.error("stored street paces are not used", version=version, reason=str(error))

    async def _use(self, graph: "Graph", version: int, slowness: Any) -> None:
        await asyncio.to_thread(graph.reweigh, slowness)
        self.version = version
        self._changed()
