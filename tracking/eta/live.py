"""Arrival times of the orders somebody watches in this process: worked out as riders move, told when they are news.

A fix costs one dict entry. A loop then takes what has piled up, each order at most every EACH_S: how far along the
route, what is left of it, what the model makes of that. Orders asked for over HTTP are worked out when asked.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from city.routing.way import Router
from live.push import Push
from tracking.delivery import Delivery, Phase, Sight, phase
from tracking.eta import message
from tracking.eta.flow import Flow
from tracking.eta.forecast import Forecast
from tracking.eta.hysteresis import Told, is_news
from tracking.eta.leg import Leg
from tracking.eta.model import Model
from tracking.eta.round import Halt, halts
from tracking.eta.samples import Point
from tracking.eta.stops import SERVICE_S, arrivals
from tracking.eta.window import Widening
from tracking.messages import Fix
from tracking.scene import Scene

log = structlog.get_logger(__name__)
EACH_S, ROUND_S, GATHER_S = 10.0, 1.0, 0.2
STILL_S = 30.0
ASK_S = 2.0
MARKS_S = (300.0, 240.0, 180.0, 120.0, 60.0)  # what a model is told of the last minutes
UNWATCHED_S = 120.0
MOST_LEGS = 20_000
DEFAULT_ACCURACY_M = 15.0
Way = Callable[[str, int, int], Awaitable[list[Point]]]  # a rider, from, to (epoch ms): where they were
Carried = Callable[[str], Awaitable[list[Delivery]]]  # a rider: all that they carry or are to fetch


class Known:
    """What was last worked out for an order's leg."""

    def __init__(self, leg: Leg, rev_phase: Phase) -> None:
        self.leg, self.phase = leg, rev_phase
        self.turn = asyncio.Lock()
        self.fix: Fix | None = None
        self.worked_s = self.asked_s = 0.0
        self.message: dict[str, Any] | None = None


class Etas:
    """See `tracking.watch.Arrivals`. `way_so_far`: where a rider was before anybody watched; `carried`: with what."""

    def __init__(
        self, router: Router, way_so_far: Way, scenes: Callable[[], Mapping[str, Scene]], carried: Carried,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.model: Model | None = None
        self.widening, self.flow = Widening(), Flow()
        self._router, self._way_so_far, self._scenes, self._now_s = router, way_so_far, scenes, now_s
        self._carried = carried
        self._known: dict[str, Known] = {}
        self._moved: dict[str, Fix] = {}
        self._told: dict[str, Told] = {}
        self._awake = asyncio.Event()

    def use(self, model: Model) -> None:
        """Answer by this model from now on; how wide windows must be is learned anew."""
        self.model, self.widening = model, Widening()

    def moved(self, scene: Scene, fix: Fix) -> None:
        """The rider of a watched order is here now."""
        self._moved[scene.order] = fix
        self._awake.set()

    def changed(self, scene: Scene, newest: Fix | None) -> None:
        """A watched order is at another revision: a leg that is over is judged, the next one begins."""
        delivery, known = scene.delivery, self._known.get(scene.order)
        if delivery is not None and known is not None and not self._is_of(known, delivery):
            self._end(scene.order, delivery)
        if newest is not None and scene.rider:
            self.moved(scene, newest)

    async def ask(
        self, delivery: Delivery, newest: Fix, sight: Callable[[Fix], Sight]
    ) -> dict[str, Any] | None:
        """The order's `eta`, worked out now if what is known is old; None when that takes too long."""
        try:
            async with asyncio.timeout(ASK_S):
                known = await self._work(delivery, newest)
        except TimeoutError:
            return None
        if known is None or known.message is None or known.fix is None:
            return None
        sharpness = {Sight.EXACT: known.message, Sight.COARSE: message.blurred(known.message)}
        return sharpness.get(sight(known.fix))

    async def run(self) -> None:
        """Work off what moved, for as long as the process lives."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S):
                    await self._awake.wait()
            self._awake.clear()
            for order in list(self._moved):
                await self._look(order)
            self._age()
            await asyncio.sleep(GATHER_S)

    async def _look(self, order: str) -> None:
        """Work an order out if it is time; one that was worked out just now stays due."""
        scene, known = self._scenes().get(order), self._known.get(order)
        if scene is None or scene.delivery is None:
            del self._moved[order]
        elif known is None or self._now_s() - known.worked_s >= EACH_S or not self._is_of(known, scene.delivery):
            await self._tell(scene, scene.delivery, self._moved.pop(order))

    async def _tell(self, scene: Scene, delivery: Delivery, fix: Fix) -> None:
        known = await self._work(delivery, fix)
        if known is None or known.message is None or known.fix is None or scene.delivery is not delivery:
            return
        said, now_s = known.message, self._now_s()
        at_s, before, told = said["at"] / 1000, said["stops_before"], self._told.get(scene.order)
        if is_news(told, at_s, said["basis"], before, now_s):
            self._told[scene.order] = Told(at_s, now_s, said["basis"], before)
            scene.tell_eta(known.fix, Push(said), Push(message.blurred(said)), round(now_s * 1000))
        elif told is not None and now_s - told.told_s < EACH_S:
            self._moved.setdefault(scene.order, fix)  # too soon: looked at again when it may be told

    async def _work(self, delivery: Delivery, fix: Fix) -> Known | None:
        """Bring an order's arrival up to this fix; what is known already serves for EACH_S."""
        known = await self._open(delivery)
        if known is None:
            return None
        async with known.turn:
            known.asked_s = now_s = self._now_s()
            if known.message is not None and now_s - known.worked_s < EACH_S:
                return known
            leg, at_s = known.leg, min(fix.ts, fix.received) / 1000
            leg.journey.move(at_s, fix.lat, fix.lng)
            stops = halts((fix.lat, fix.lng), [*await self._carried(delivery.rider), delivery], delivery.order)
            if not stops:
                return None
            drives = await self._drive(leg, stops, at_s, fix)
            since_ms = round(max(at_s, now_s - drives[0].low_s) * 1000)  # a silent rider is not in the past
            shop = next((n for n, stop in enumerate(stops) if stop.is_pickup and stop.order == delivery.order), None)
            known.message = message.eta(
                delivery.order, since_ms, arrivals(drives), [drive.basis for drive in drives], round(now_s * 1000), shop
            )
            known.worked_s, known.fix = now_s, fix
        return known

    async def _drive(self, leg: Leg, stops: Sequence[Halt], at_s: float, fix: Fix) -> list[Forecast]:
        """From stop to stop. Only the leg to the order's own next stop knows how it has gone so far."""
        drives: list[Forecast] = []
        here = fix.lat, fix.lng
        for stop in stops:
            if not drives and stop.place == leg.stop:
                if leg.wants_route(at_s, fix.accuracy or DEFAULT_ACCURACY_M):
                    leg.take_route(await self._router.way(here, leg.stop), at_s)
                drives.append(leg.forecast(at_s, self.model, self.widening, self.flow))
                leg.promise(drives[0], at_s)
            else:
                onward = Leg(leg.order, leg.rider, stop.place)
                onward.journey.move(at_s, *here)
                onward.take_route(await self._router.way(here, stop.place), at_s)
                drives.append(onward.forecast(at_s, self.model, self.widening, self.flow))
            here, at_s = stop.place, at_s + drives[-1].mid_s + SERVICE_S
        return drives

    async def _open(self, delivery: Delivery) -> Known | None:
        """The order's leg, begun where the rider really began it; None where there is no way to go."""
        now = phase(delivery)
        stop = {Phase.TO_SHOP: delivery.pickup, Phase.TO_DOOR: delivery.dropoff}.get(now)
        known = self._known.get(delivery.order)
        if stop is None:
            return None
        if known is not None and self._is_of(known, delivery):
            return known
        known = Known(Leg(delivery.order, delivery.rider, stop), now)
        if len(self._known) < MOST_LEGS:
            self._known[delivery.order] = known
        async with known.turn:
            began_ms = delivery.picked_up_at_ms if now is Phase.TO_DOOR else delivery.assigned_at_ms
            await self._catch_up(known.leg, began_ms)
        return known

    async def _catch_up(self, leg: Leg, began_ms: int) -> None:
        """What the rider did on this leg before anybody watched; without it they seem to begin now."""
        now_ms = round(self._now_s() * 1000)
        if not began_ms or now_ms - began_ms < ROUND_S * 1000:
            return
        marks = [began_ms / 1000, *(now_ms / 1000 - back_s for back_s in MARKS_S if now_ms - back_s * 1000 > began_ms)]
        for at_s, lat, lng in await self._way_so_far(leg.rider, began_ms, now_ms):
            leg.journey.move(at_s, lat, lng)
            if marks and at_s >= marks[0]:
                del marks[0]
                way = await self._router.way((lat, lng), leg.stop)
                if way is not None:
                    leg.journey.look(at_s, way.duration_s, way.distance_m, self.flow.pace(at_s))

    def _end(self, order: str, delivery: Delivery) -> None:
        """A leg is over. Its windows are judged where its stop was reached, not where it was given up."""
        known = self._known.pop(order)
        reached = phase(delivery) is Phase.TO_DOOR if known.phase is Phase.TO_SHOP else delivery.status == "delivered"
        if reached and self.model is not None:
            known.leg.arrive(self._now_s(), self.model.calibration, self.widening)

    def _is_of(self, known: Known, delivery: Delivery) -> bool:
        return known.leg.rider == delivery.rider and known.phase is phase(delivery)

    def _age(self) -> None:
        """Windows that ran out are learned from, riders who stand still get later, legs nobody asks for are dropped."""
        now_s, scenes = self._now_s(), self._scenes()
        self._told = {order: told for order, told in self._told.items() if order in scenes}
        for order, known in list(self._known.items()):
            if self.model is not None:
                known.leg.run_late(now_s, self.model.calibration, self.widening)
            if order in scenes:
                if known.fix is not None and now_s - known.worked_s > STILL_S:
                    self._moved.setdefault(order, known.fix)
            elif now_s - known.asked_s > UNWATCHED_S:
                del self._known[order]
