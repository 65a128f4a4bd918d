"""A rider for each trip, all over the socket at once; and, when asked, somebody who watches each of them."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import msgspec

from api.replay import stored
from api.replay.dating import Timetable, lateness_s, plan
from api.replay.tally import Tally
from api.replay.trip import Trip
from client.errors import RidewireError
from client.reconnect import Ridewire
from client.rider import RiderUplink
from client.watcher import ChannelView, Watcher
from client.wire import Encoding, Message

OPENING_AT_ONCE, ASKING_AT_ONCE = 40, 16
SETTLE_S = 60.0
# Drills: how many times a cut watcher is cut during its trip.
CUTS = 2


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to replay. `token(sub, role)` signs; `run` tells riders' app installs of this run from earlier ones."""

    url: str
    token: Callable[[str, str], str]
    run: str
    speed: float = 1.0
    together: bool = True
    watch: bool = False
    cut: bool = False
    tracks: bool = False
    prefix: str = "replay-"
    encoding: Encoding = Encoding.MSGPACK


class Fleet:
    """All riders of a replay. `tally` grows while `run` runs."""

    def __init__(self, trips: list[Trip], plan: Plan) -> None:
        self.trips, self.plan = trips, plan
        self.tally = Tally(trips=len(trips), points=sum(len(trip.points) for trip in trips))
        self.uplinks: list[RiderUplink] = []
        self._opening = asyncio.Semaphore(OPENING_AT_ONCE)
        self._asking = asyncio.Semaphore(ASKING_AT_ONCE)
        self._missing = len(trips)  # riders that are neither connected nor given up
        self._all_here = asyncio.Event()
        self._start_s = 0.0

    async def run(self) -> Tally:
        """Connect everybody, ride, and wait until all is settled."""
        lateness = lateness_s(self.trips, together=self.plan.together)
        async with asyncio.TaskGroup() as riders:
            for trip, late_s in zip(self.trips, lateness, strict=True):
                riders.create_task(self._one(trip, late_s), name=trip.name)
        return self.tally

    def counts(self) -> tuple[int, int]:
        """Points sent and points acked so far, over all riders."""
        return sum(uplink.sent for uplink in self.uplinks), sum(uplink.acked for uplink in self.uplinks)

    def rider(self, trip: Trip) -> str:
        """The rider's id: one a token can carry, the same at every replay of the file."""
        return (self.plan.prefix + re.sub(r"[^A-Za-z0-9._-]", "_", trip.name))[:128]

    async def _one(self, trip: Trip, late_s: float) -> None:
        """One rider from connecting to the last check; what goes wrong is counted and leaves the others riding."""
        rider, durable = self.rider(trip), list[Message]()
        try:
            async with AsyncExitStack() as stack:
                try:
                    watcher = await self._watcher(stack, rider) if self.plan.watch else None
                    session = await self._session(stack, rider, "rider", client=self.plan.run)
                    uplink = RiderUplink(session, pace=self.plan.speed or 1e9, on_durable=durable.append)
                    self.uplinks.append(await stack.enter_async_context(uplink))
                finally:
                    self._here()
                await self._all_here.wait()
                table = plan(trip, speed=self.plan.speed, start_ms=int(self._start_s * 1000), late_s=late_s)
                await self._ride(trip, table, uplink, watcher)
                await self._settle(session, uplink, watcher, rider)
            if self.plan.tracks:
                self.tally.tracks += 1
                token = self.plan.token("replay", "dispatcher")
                await stored.exactly(self.plan.url, token, rider, durable, SETTLE_S, self._asking)
                self.tally.tracks_exact += 1
        except (RidewireError, TimeoutError, stored.WrongTrack) as error:
            self.tally.failures.append(f"{rider}: {type(error).__name__}: {error}")

    def _here(self) -> None:
        """One more is connected, or will not be; the last one starts the ride for all."""
        self._missing -= 1
        if not self._missing:
            self._start_s = time.time()
            self._all_here.set()

    async def _session(self, stack: AsyncExitStack, sub: str, role: str, client: str = "") -> Ridewire:
        """A session that makes itself a new token for each socket."""

        async def fresh() -> str:
            return self.plan.token(sub, role)

        async with self._opening:
            session = Ridewire.connect(self.plan.url, token=fresh, client=client, encoding=self.plan.encoding)
            return await stack.enter_async_context(session)

    async def _watcher(self, stack: AsyncExitStack, rider: str) -> Watcher:
        session = await self._session(stack, f"watch-{rider}"[:128], "dispatcher")
        watcher = Watcher(session, f"rider:{rider}")
        await watcher.start()
        self.tally.watchers += 1
        return watcher

    async def _ride(self, trip: Trip, table: Timetable, uplink: RiderUplink, watcher: Watcher | None) -> None:
        """Hand each point to the uplink when it is due."""
        cuts = CUTS if self.plan.cut else 0
        cut_at = {len(trip.points) * n // (cuts + 1) for n in range(1, cuts + 1)}
        for number, (point, due_s, date_ms) in enumerate(zip(trip.points, table.sends_s, table.dates_ms, strict=True)):
            wait_s = self._start_s + due_s - time.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            uplink.add(point.lat, point.lng, date_ms, **point.more)
            if number in cut_at and watcher is not None:
                watcher.session.cut()
                self.tally.cut += 1

    async def _settle(self, session: Ridewire, uplink: RiderUplink, watcher: Watcher | None, rider: str) -> None:
        """Wait for the last ack, then for the watcher; count."""
        try:
            await uplink.drained(SETTLE_S)
            last = uplink.last_accepted
            if watcher is not None:
                await watcher.until(lambda view: last is None or shows(view, rider, last), SETTLE_S)
                self.tally.complete += 1
        finally:
            self._count(session, uplink)

    def _count(self, session: Ridewire, uplink: RiderUplink) -> None:
        tally = self.tally
        tally.sent += uplink.sent
        tally.acked += uplink.acked
        tally.duplicates += uplink.duplicates
        tally.rejected += uplink.rejected
        tally.dropped += uplink.dropped
        tally.unacked += len(uplink)
        tally.connections += session.connections


def shows(view: ChannelView, rider: str, point: Message) -> bool:
    """Whether the view's position of the rider is exactly this point."""
    now = view.positions.get(rider, {})
    return all(now.get(name) == point[name] for name in ("ts", "seq", "lat", "lng"))
