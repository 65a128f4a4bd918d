"""The clock of the play: what the scenario says happened goes out over riders' sockets and people's requests."""

import asyncio
import math
import time
import uuid
from contextlib import AsyncExitStack

import msgspec

from api.simulate.journal import Journal
from city.market import Moved, Scenario
from client.reconnect import Ridewire
from client.rider import RiderUplink
from client.wire import Encoding

STEP_S = 0.5
LONGEST_STEP_S = 2.0  # after the machine slept, the town does not leap
SLOWEST_FIX_S = 15.0


class Counts(msgspec.Struct):
    """What the play has done so far."""

    riders: int = 0
    connected: int = 0
    points: int = 0
    acked: int = 0
    rejected: dict[str, int] = {}
    orders_placed: int = 0
    orders_delivered: int = 0
    troubles: int = 0


class _Over(Exception):
    """The time is up: ends what is still under way."""


class Play:
    """Runs until cancelled, or for `lasts_s`. `orders=False` leaves the riders riding about."""

    def __init__(self, scenario: Scenario, journal: Journal, *, orders: bool = True) -> None:
        self.scenario, self.journal, self.orders = scenario, journal, orders
        self.uplinks: dict[str, RiderUplink] = {}
        self._clock_s = 0.0

    async def run(self, lasts_s: float | None = None) -> None:
        """Put every rider on the road, then let time pass. Raises GaveUp when the service will not have a rider."""
        try:
            async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
                opened = await asyncio.gather(*(self._put_on_road(stack, rider) for rider in self.scenario.riders))
                self.uplinks = dict(zip(self.scenario.riders, opened, strict=True))
                await self._tick(group, time.monotonic() + lasts_s if lasts_s else math.inf)
                raise _Over
        except* _Over:
            pass

    async def _tick(self, group: asyncio.TaskGroup, until_s: float) -> None:
        last_s = time.monotonic()
        while last_s < until_s:
            await asyncio.sleep(STEP_S)
            now_s = time.monotonic()
            self._let_pass(min(now_s - last_s, LONGEST_STEP_S), group)
            last_s = now_s

    def _let_pass(self, dt_s: float, group: asyncio.TaskGroup) -> None:
        """Advance the town and send out what happened."""
        self._clock_s += dt_s
        now_ms = time.time_ns() // 1_000_000
        for event in self.scenario.advance(dt_s):
            if isinstance(event, Moved):
                self._move(event, now_ms)
            elif self.orders:
                self.journal.note(event, group)

    def _move(self, event: Moved, now_ms: int) -> None:
        """A phone's fixes, dated by how long ago it heard them; then the rhythm that the server last asked for."""
        uplink = self.uplinks[event.rider]
        for fix in event.samples:
            more = {"accuracy": fix.accuracy, "speed": fix.speed}
            if fix.heading is not None:
                more["heading"] = fix.heading
            uplink.add(fix.lat, fix.lng, now_ms - round((self._clock_s - fix.at_s) * 1000), **more)
        if uplink.interval_ms:
            self.scenario.riders[event.rider].fix_every_s = min(uplink.interval_ms / 1000, SLOWEST_FIX_S)

    async def _put_on_road(self, stack: AsyncExitStack, rider: str) -> RiderUplink:
        people = self.journal.people

        async def fresh() -> str:
            return people.token(rider, "rider")

        # A new install each time: `seq` starts at 1 again.
        client = f"play-{uuid.uuid4().hex[:12]}"
        session = Ridewire.connect(people.url, token=fresh, client=client, encoding=Encoding.MSGPACK)
        return await stack.enter_async_context(RiderUplink(await stack.enter_async_context(session)))

    def counts(self) -> Counts:
        """How far it has come."""
        uplinks = self.uplinks.values()
        rejected: dict[str, int] = {}
        for uplink in uplinks:
            for reason, count in uplink.rejected.items():
                rejected[reason] = rejected.get(reason, 0) + count
        return Counts(
            riders=len(self.uplinks), connected=sum(uplink.session.is_connected for uplink in uplinks),
            points=sum(uplink.added for uplink in uplinks), acked=sum(uplink.acked for uplink in uplinks),
            rejected=rejected, orders_placed=self.journal.placed, orders_delivered=self.journal.delivered,
            troubles=len(self.journal.troubles),
        )
