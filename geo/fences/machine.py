"""When a rider is in and when out: never by one fix, never by less than the fixes can tell.

A fix weighs by how many of its errors it lies beyond the line in question, less SLACK; the weights of a row of fixes
must reach WEIGHT, and at least CONFIRMING fixes must agree. Fixes of one moment err alike: one weighs the less the
sooner it follows the last, and a place that is only said again was measured once and weighs nothing. In begins at the
edge, out only `exit_m` beyond it. A phone without errors is so believed at its second fix, a wild one after a few.

PHASES is the whole machine: (phase, side of the fix) → what is done. A fence not in `visits` is simply far away.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from geo.fences.events import Kind
from geo.fences.fence import Fence
from geo.fences.track import ENTERING, INSIDE, LEAVING, Ping, Spot, Visit

WEIGHT, SLACK = 2.5, 0.3
CONFIRMING = 2
DEEP = 3.0
MOST_ERROR_SHARE = 0.75  # a fence smaller than the error would never be entered: it is then believed more lightly
SLOW_DOWN = 0.9
FAST_MS = 3_000
ALIKE_MS = 2_500
LEAST_ERROR_M = 1e-6

Side = Literal["in", "between", "out"]


class Told(msgspec.Struct, frozen=True, gc=False):
    """Something that happened; `fix_ts` is the fix that showed it first."""

    kind: Kind
    at: Spot
    fix_ts: int
    speed_mps: float | None = None


class Look(msgspec.Struct, gc=False):
    """One fix at one fence. `distance_m` below zero inside; `is_through`: only the way here was inside.

    `prev` is where the way began, `last` where the rider was before, however long ago, and `was_inside` says of it. The
    edge was met at `met` first and `met_last` last, in shares of the way.
    """

    fence: Fence
    ping: Ping
    prev: Spot | None
    last: Spot | None
    error_m: float
    distance_m: float
    is_through: bool
    was_inside: bool
    met: float
    met_last: float

    @property
    def side(self) -> Side:
        if self.distance_m <= 0:
            return "in"
        return "out" if self.distance_m > self.fence.shape.exit_m else "between"

    def weight(self, beyond_m: float) -> float:
        """What a fix so far beyond a line says by itself; below zero it speaks for the other side."""
        return beyond_m / max(self.error, LEAST_ERROR_M) - SLACK

    def more(self, beyond_m: float) -> float:
        """What it adds to the fix before."""
        last, ping = self.last, self.ping
        if last is None:
            return self.weight(beyond_m)
        if last.lat == ping.lat and last.lng == ping.lng:
            return 0.0
        return min(1.0, (ping.ts - last.ts) / ALIKE_MS) * self.weight(beyond_m)

    @property
    def was_drawn_around(self) -> bool:
        """Was the rider inside before, and nothing known of it? Then there was no fence here at that time."""
        return self.was_inside and self.fence.rider is None

    @property
    def error(self) -> float:
        """The error that counts here."""
        return min(self.error_m, MOST_ERROR_SHARE * self.fence.shape.reach_m)

    def edge(self, *, last: bool = False) -> Spot:
        """Where and when the edge was crossed on the way here; without a way, here and now."""
        ping, prev = self.ping, self.prev
        if prev is None:
            return Spot(ping.ts, ping.lat, ping.lng)
        share = self.met_last if last else self.met
        across = (ping.lng - prev.lng + 180.0) % 360.0 - 180.0
        return Spot(
            round(prev.ts + share * (ping.ts - prev.ts)), prev.lat + share * (ping.lat - prev.lat),
            (prev.lng + share * across + 180.0) % 360.0 - 180.0,
        )


Visits = dict[str, Visit]


def begin(visits: Visits, look: Look) -> None:
    """Inside, or through, for the first time."""
    visit = Visit(ENTERING, look.edge(), look.ping.ts)
    visits[look.fence.id] = visit
    if look.distance_m <= 0:
        visit.fixes = 1
        visit.evidence = max(0.0, look.weight(-look.distance_m))
        visit.deepest_m = -look.distance_m
    elif look.prev is not None:
        here = (look.ping.lat, look.ping.lng)
        visit.deepest_m = look.fence.shape.depth_m((look.prev.lat, look.prev.lng), here)


def be_inside(visits: Visits, look: Look) -> list[Told]:
    """Nobody enters a fence that is drawn around them; they are in, and leaving it is news."""
    ping = look.ping
    visit = Visit(INSIDE, Spot(ping.ts, ping.lat, ping.lng), ping.ts, entered_ms=ping.ts, entered_fix=ping.ts)
    visits[look.fence.id] = visit
    return PHASES[INSIDE, look.side](visits, visit, look)


def go_on_entering(visits: Visits, visit: Visit, look: Look) -> list[Told]:
    """One more fix inside: is it enough?"""
    added = look.more(-look.distance_m) if visit.fixes else look.weight(-look.distance_m)
    if visit.evidence <= 0 and look.error > 0 and added:
        visit.edge, visit.edge_fix = look.edge(), look.ping.ts
    visit.fixes += 1
    visit.left = None
    visit.deepest_m = max(visit.deepest_m, -look.distance_m)
    visit.evidence = max(0.0, visit.evidence + added)
    if visit.fixes < CONFIRMING or visit.evidence < WEIGHT:
        return []
    return [_enter(visit)]


def waver(visits: Visits, visit: Visit, look: Look) -> list[Told]:
    """Neither in nor out speaks against both."""
    against = look.distance_m if visit.phase == ENTERING else look.fence.shape.exit_m - look.distance_m
    visit.evidence = max(0.0, visit.evidence + look.more(-against))
    if visit.phase == ENTERING and visit.fixes and visit.left is None:
        visit.left, visit.left_fix = look.edge(last=True), look.ping.ts
    return []


def pass_through(visits: Visits, visit: Visit, look: Look) -> list[Told]:
    """Out again before it was sure that they came in: true if it went much deeper than the error, or nothing.

    Where a fix lay inside, that was a visit, and leaving it takes its course; where none did, a crossing.
    """
    if look.ping.ts == visit.edge_fix:
        return []  # the fix that showed it cannot confirm it
    if visit.deepest_m <= DEEP * look.error_m:
        del visits[look.fence.id]
        return []
    if not visit.fixes:
        del visits[look.fence.id]
        return [Told("cross", visit.edge, visit.edge_fix)]
    entered = _enter(visit)
    visit.phase = LEAVING
    visit.edge, visit.edge_fix = visit.left or look.edge(last=True), visit.left_fix or look.ping.ts
    return [entered, *go_on_leaving(visits, visit, look)]


def stay(visits: Visits, visit: Visit, look: Look) -> list[Told]:
    """Still in."""
    visit.phase = INSIDE
    return _dwell(visit, look.fence, look.ping.ts) + _speed(visit, look)


def begin_to_leave(visits: Visits, visit: Visit, look: Look) -> list[Told]:
    """Beyond the edge for the first time; the crossing is remembered for when it proves to be one."""
    visit.phase, visit.evidence, visit.fixes = LEAVING, 0.0, 0
    visit.edge, visit.edge_fix = look.edge(last=True), look.ping.ts
    return go_on_leaving(visits, visit, look) if look.side == "out" else []


def go_on_leaving(visits: Visits, visit: Visit, look: Look) -> list[Told]:
    """One more fix out: is it enough?"""
    beyond_m = look.distance_m - look.fence.shape.exit_m
    visit.evidence = max(0.0, visit.evidence + (look.more(beyond_m) if visit.fixes else look.weight(beyond_m)))
    visit.fixes += 1
    if visit.fixes < CONFIRMING or visit.evidence < WEIGHT:
        return []
    del visits[look.fence.id]
    return [*_dwell(visit, look.fence, visit.edge.ts), Told("exit", visit.edge, visit.edge_fix)]


Act = Callable[[Visits, Visit, Look], list[Told]]
PHASES: dict[tuple[int, Side], Act] = {
    (ENTERING, "in"): go_on_entering,
    (ENTERING, "between"): waver,
    (ENTERING, "out"): pass_through,
    (INSIDE, "in"): stay,
    (INSIDE, "between"): begin_to_leave,
    (INSIDE, "out"): begin_to_leave,
    (LEAVING, "in"): stay,
    (LEAVING, "between"): waver,
    (LEAVING, "out"): go_on_leaving,
}


def step(visits: Visits, look: Look) -> list[Told]:
    """What the fix tells of the fence; `visits` is changed in place."""
    visit = visits.get(look.fence.id)
    if visit is not None:
        return PHASES[visit.phase, look.side](visits, visit, look)
    if look.distance_m <= 0 or look.is_through:
        if look.was_drawn_around:
            return be_inside(visits, look)
        begin(visits, look)
    return []


def _enter(visit: Visit) -> Told:
    """It is sure now."""
    visit.phase, visit.evidence, visit.fixes = INSIDE, 0.0, 0
    visit.entered_ms, visit.entered_fix = visit.edge.ts, visit.edge_fix
    return Told("enter", visit.edge, visit.edge_fix)


def _dwell(visit: Visit, fence: Fence, until_ms: int) -> list[Told]:
    """The stay became long enough; told once."""
    if fence.dwell_s is None or visit.dwelt or until_ms - visit.entered_ms < fence.dwell_s * 1000:
        return []
    visit.dwelt = True
    at = msgspec.structs.replace(visit.edge, ts=visit.entered_ms + round(fence.dwell_s * 1000))
    return [Told("dwell", at, visit.entered_fix)]


def _speed(visit: Visit, look: Look) -> list[Told]:
    """Too fast for FAST_MS and two fixes; told again only after it was clearly slower."""
    limit, speed, ping = look.fence.speed_limit_mps, look.ping.speed, look.ping
    if limit is None or speed is None:
        return []
    if speed <= limit:
        if speed < SLOW_DOWN * limit:
            visit.fast_since = 0
        return []
    if visit.fast_since == 0:
        visit.fast_since = ping.ts
        return []
    if visit.fast_since < 0 or ping.ts - visit.fast_since < FAST_MS:
        return []
    first, visit.fast_since = visit.fast_since, -1
    return [Told("speeding", Spot(ping.ts, ping.lat, ping.lng), first, speed)]
