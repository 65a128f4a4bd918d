"""The fleet on dispatchers' maps: which viewports each moving rider is in, told at the pace a map is drawn.

A map that moves subscribes its new box and then gives up the old one: the table of riders stays (LINGER_S even without
a viewport), so a new box costs one look into the grid. Fixes only note what changed; ten times a second the changes are
sorted into viewports, and each viewport tells them at the highest rate that any of its watchers asked for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain, count, islice

from geo.box import Box
from geo.grid import Cell, Grid, cells_of, count_cells
from live.hub import Hub
from live.push import Push
from tracking.clusters import Crowd
from tracking.messages import Fix
from tracking.partitions import Partitions
from tracking.position import position
from tracking.viewport import Viewport

CELL_DEG = 0.02  # 2.2 km: a city is some hundred cells
MOST_CELLS = 4096  # a box over more is compared with every fix instead of being found by its cell
TICK_S, SWEEP_S, LINGER_S = 0.1, 5.0, 30.0
SUBSCRIBED_S = 2.0  # by then the other processes' fixes arrive for sure, and what came before is read once more
SILENT_AFTER_S = 180.0
CROWD = Crowd()
LOWEST_HZ, DEFAULT_HZ, HIGHEST_HZ, CROWDED_HZ = 0.1, 1.0, 10.0, 1.0


class Areas:
    """Every viewport of this process. `load` reads all riders not yet silent from the store."""

    def __init__(
        self, hub: Hub, partitions: Partitions, load: Callable[[], Awaitable[Iterable[Fix]]], now_ms: Callable[[], int],
        crowd: Crowd = CROWD,
    ) -> None:
        self.is_open = False
        self._hub, self._partitions, self._load, self._now_ms = hub, partitions, load, now_ms
        self._crowd = crowd
        self._generations = count(now_ms())  # above those of an earlier viewport of the same name
        self._fixes: dict[str, Fix] = {}
        self._dirty: dict[str, Fix] = {}
        self._grid = Grid(CELL_DEG)
        self._viewports: dict[str, Viewport] = {}
        self._rates: dict[str, list[float]] = {}
        self._by_cell: dict[Cell, list[Viewport]] = {}
        self._wide: list[Viewport] = []
        self._in: dict[str, list[Viewport]] = {}
        self._is_sure = False
        self._loading = asyncio.Lock()
        self._sweep_ms = self._close_ms = self._doubt_ms = 0

    def note(self, fixes: Iterable[Fix]) -> None:
        """Remember newer positions for the next tick."""
        known, dirty = self._fixes, self._dirty
        for fix in fixes:
            last = known.get(fix.rider)
            if last is None or last.ts < fix.ts:
                known[fix.rider] = dirty[fix.rider] = fix

    def open(self, channel: str, box: Box, rate_hz: float) -> Viewport:
        """One more watcher of the box; the first one makes it."""
        viewport = self._viewports.get(channel)
        if viewport is None:
            viewport = self._make(channel, box)
        self._rates.setdefault(channel, []).append(rate_hz)
        if not self.is_open:
            self.is_open = True
            self._doubt_ms = self._now_ms() + round(SUBSCRIBED_S * 1000)
            self._partitions.hold_all()
        return viewport

    def close(self, channel: str, rate_hz: float) -> None:
        """One watcher less; the last one ends the viewport."""
        rates = self._rates[channel]
        rates.remove(rate_hz)
        if not rates:
            del self._rates[channel]
            self._unmake(self._viewports.pop(channel))
            self._close_ms = self._now_ms() + round(LINGER_S * 1000)

    async def ready(self) -> None:
        """Return once the table holds every rider the store knows; later calls find it so."""
        async with self._loading:
            if not self._is_sure:
                self._is_sure = True  # a doubt that comes while we read stays a doubt
                try:
                    self.note(await self._load())
                except BaseException:
                    self._is_sure = False
                    raise
        self._sort()

    def doubt(self) -> None:
        """Positions may have been lost on the way here: read them all again before the next state."""
        self._is_sure = False

    @property
    def is_sure(self) -> bool:
        """Whether nothing was lost since the last load."""
        return self._is_sure

    def tick(self, now_ms: int) -> None:
        """Sort what changed, tell what is due; forget everybody once no viewport has been open for LINGER_S."""
        if not self._viewports and now_ms >= self._close_ms:
            if self.is_open:
                self._forget()
            return
        self._sort()
        if self._doubt_ms and now_ms >= self._doubt_ms:
            self._doubt_ms = 0
            self.doubt()
        if now_ms >= self._sweep_ms:
            self._sweep_ms = now_ms + round(SWEEP_S * 1000)
            self._sweep(now_ms)
        for channel, viewport in self._viewports.items():
            if now_ms >= viewport.due_ms and viewport.flush():
                rate_hz = CROWDED_HZ if viewport.crowded else max(self._rates[channel])
                viewport.due_ms = now_ms + round(1000 / rate_hz)

    def in_sight(self, most: int) -> set[str]:
        """Riders that some viewport shows one by one, at the most `most`; a crowd's dots need no fast phones."""
        single = (viewport.inside for viewport in self._viewports.values() if not viewport.crowded)
        return set(islice(chain.from_iterable(single), most))

    def _sort(self) -> None:
        """Tell viewports who moved within, into or out of them."""
        dirty, self._dirty = self._dirty, {}
        for rider, fix in dirty.items():
            cell = self._grid.put(rider, fix.lat, fix.lng)
            now = [one for one in self._by_cell.get(cell, ()) if one.box.holds(fix.lat, fix.lng)]
            if self._wide:
                now += [one for one in self._wide if one.box.holds(fix.lat, fix.lng)]
            for viewport in self._in.pop(rider, ()):
                if viewport not in now:
                    viewport.gone(rider)
            if now:
                self._in[rider] = now
                push = Push(position(fix))
                for viewport in now:
                    viewport.moved(fix, push)

    def _sweep(self, now_ms: int) -> None:
        """Riders silent too long leave; positions grown old are called stale."""
        oldest_ms = now_ms - round(SILENT_AFTER_S * 1000)
        for rider in [rider for rider, fix in self._fixes.items() if fix.received < oldest_ms]:
            del self._fixes[rider]
            self._grid.drop(rider)
            for viewport in self._in.pop(rider, ()):
                viewport.gone(rider)
        for viewport in self._viewports.values():
            viewport.age(now_ms)

    def _make(self, channel: str, box: Box) -> Viewport:
        self._sort()
        hub, generations = self._hub, self._generations
        viewport = Viewport(box, self._crowd, lambda *told: hub.latest(channel, *told), lambda: next(generations))
        inside = self._grid.inside(box)
        viewport.settle(self._fixes[rider] for rider in inside)
        for rider in inside:
            self._in.setdefault(rider, []).append(viewport)
        for found_in in self._places(box):
            found_in.append(viewport)
        self._viewports[channel] = viewport
        return viewport

    def _unmake(self, viewport: Viewport) -> None:
        for rider in viewport.inside:
            self._in[rider].remove(viewport)
        for found_in in self._places(viewport.box):
            found_in.remove(viewport)
        self._by_cell = {cell: found for cell, found in self._by_cell.items() if found}

    def _places(self, box: Box) -> list[list[Viewport]]:
        """The lists a viewport stands in, to be found by a fix."""
        if count_cells(box, CELL_DEG) > MOST_CELLS:
            return [self._wide]
        return [self._by_cell.setdefault(cell, []) for cell in cells_of(box, CELL_DEG)]

    def _forget(self) -> None:
        self.is_open = self._is_sure = False
        self._partitions.release_all()
        self._fixes.clear()
        self._dirty.clear()
        self._in.clear()
        self._by_cell.clear()
        self._grid = Grid(CELL_DEG)
