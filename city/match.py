"""Which streets a row of fixes was driven on: a hidden Markov model over places on edges, decoded by Viterbi.

After Newson and Krumm (2009): a fix is likely near its street, by how much it errs; a step is likely when the way
between two places is about as long as the fixes are apart. Where no step is possible the row is cut and begins anew,
and a fix with no street near stays unmatched: nothing is made up.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from city.graph import Graph
from city.places import Route, SnappedPoint, Spot
from city.streets import haversine_m

MOST_CANDIDATES = 4
RADIUS_M, SIGMAS = 60.0, 3.0
SIGMA_M, LEAST_SIGMA_M, MOST_SIGMA_M, SHARE = 8.0, 5.0, 40.0, 0.7  # of what phones call accuracy
BETA_M = 15.0
STEP_M = 12.0  # who has not moved so far has not moved: fixes between are laid on the way found by the others
LONGER, LONGER_M = 3.0, 150.0
IMPOSSIBLE = float("-inf")


class Fixed(NamedTuple):
    """A fix as it was reported."""

    lat: float
    lng: float
    accuracy: float | None = None


class Matched(msgspec.Struct, frozen=True):
    """A place on a street or None for each fix, and the ways driven, one for each unbroken row."""

    places: list[SnappedPoint | None]
    ways: list[list[Spot]]


class _State:
    """One candidate: how likely the best row to it is, by which candidate before, over which way."""

    __slots__ = ("before", "log", "place", "way")

    def __init__(self, place: SnappedPoint, log: float) -> None:
        self.place, self.log = place, log
        self.before: _State | None = None
        self.way: list[Spot] = []


def match(graph: Graph, fixes: Sequence[Fixed]) -> Matched:
    """The likeliest streets."""
    found: dict[int, SnappedPoint] = {}
    ways: list[list[Spot]] = []
    row: list[tuple[int, list[_State]]] = []
    last: Fixed | None = None
    for number, fix in enumerate(fixes):
        if last is not None and row and _apart_m(last, fix) < STEP_M:
            continue
        states = _candidates(graph, fix)
        if row and states and last is not None:
            states = _step(graph, row[-1][1], states, _apart_m(last, fix), _sigma(fix))
        if row and not states:
            _finish(row, found, ways)
            row, states = [], _candidates(graph, fix)
        if states:
            row.append((number, states))
            last = fix
    _finish(row, found, ways)
    return Matched(_filled(graph, fixes, found), ways)


def _apart_m(a: Fixed, b: Fixed) -> float:
    return float(haversine_m(*(np.asarray(degrees) for degrees in (a.lat, a.lng, b.lat, b.lng))))


def _sigma(fix: Fixed) -> float:
    error_m = SIGMA_M if fix.accuracy is None else SHARE * fix.accuracy
    return min(max(error_m, LEAST_SIGMA_M), MOST_SIGMA_M)


def _candidates(graph: Graph, fix: Fixed) -> list[_State]:
    sigma = _sigma(fix)
    near = graph.near(fix.lat, fix.lng, max(RADIUS_M, SIGMAS * sigma), MOST_CANDIDATES)
    return [_State(place, -0.5 * (place.off_m / sigma) ** 2) for place in near]


def _step(
    graph: Graph, before: list[_State], after: list[_State], moved_m: float, sigma: float
) -> list[_State]:
    """The states that can be reached, each by its likeliest way."""
    reached = []
    for state in after:
        own, best = state.log, IMPOSSIBLE
        for each in before:
            if each.log + own <= best:
                continue  # no way is likelier than certain
            way = _way(graph, each.place, state.place, moved_m, sigma)
            if way is not None and each.log + own - abs(way[0] - moved_m) / BETA_M > best:
                best = each.log + own - abs(way[0] - moved_m) / BETA_M
                state.before, state.way = each, way[1]
        state.log = best
        if best > IMPOSSIBLE:
            reached.append(state)
    return reached


def _way(
    graph: Graph, a: SnappedPoint, b: SnappedPoint, moved_m: float, sigma: float
) -> tuple[float, list[Spot]] | None:
    """Metres and line of the way between two places, if anybody would have taken it."""
    if a.edge == b.edge and 0 <= a.along_m - b.along_m <= 2 * sigma:
        return 0.0, [Spot(a.lat, a.lng)]  # an error along a one-way street is not a ride round the block
    route = graph.route(a, b)
    if not isinstance(route, Route) or route.distance_m > LONGER * moved_m + LONGER_M:
        return None
    return route.distance_m, list(route.points)


def _finish(row: list[tuple[int, list[_State]]], found: dict[int, SnappedPoint], ways: list[list[Spot]]) -> None:
    """Walk back from the likeliest end."""
    if not row:
        return
    state: _State | None = max(row[-1][1], key=lambda each: each.log)
    line: list[list[Spot]] = []
    for number, _ in reversed(row):
        assert state is not None  # noqa: S101 - a row has a state for each of its fixes
        found[number] = state.place
        line.append(state.way)
        state = state.before
    joined = [spot for way in reversed(line) for spot in way]
    if len(row) > 1:
        ways.append([spot for at, spot in enumerate(joined) if at == 0 or spot != joined[at - 1]])


def _filled(graph: Graph, fixes: Sequence[Fixed], found: dict[int, SnappedPoint]) -> list[SnappedPoint | None]:
    """Fixes that were passed over are laid on the street of the one before, else on the nearest."""
    places: list[SnappedPoint | None] = []
    edge: int | None = None
    for number, fix in enumerate(fixes):
        place = found.get(number)
        if place is None:
            near = graph.near(fix.lat, fix.lng, max(RADIUS_M, SIGMAS * _sigma(fix)), MOST_CANDIDATES)
            place = next((each for each in near if each.edge == edge), near[0] if near else None)
        else:
            edge = place.edge
        places.append(place)
    return places
