"""Off the route and back: by separate thresholds, once each, and never by one wild fix."""

import numpy as np
import pytest

from geo.fences.events import Event
from geo.fences.offroute import Routed, drift
from geo.fences.stops import Stop, climb
from geo.fences.track import Climb, Drift, Ping
from geo.progress import Line
from tests.geo.fences.walks import kinds, ping, place

STOP = Stop("o1", "dropoff", *place(5000), since_ms=1_000_000)
STEP_S, STEP_M = 10, 80.0


def road(*corners: tuple[float, float]) -> Line:
    """A route through places in metres from home."""
    lat, lng = zip(*(place(*corner) for corner in corners), strict=True)
    return Line(np.array(lat), np.array(lng))


EAST = Routed("o1:dropoff:1", STOP, road((0, 0), (2500, 0), (5000, 0)))


def ride(*beside_m: float, accuracy: float = 5.0) -> list[Ping]:
    """East along the road, so many metres beside it, a fix each ten seconds."""
    return [ping(STEP_S * at, STEP_M * at, beside, accuracy) for at, beside in enumerate(beside_m)]


def told(pings: list[Ping], *errands: Routed) -> list[Event]:
    """What the fixes tell."""
    drifts: dict[str, Drift] = {}
    return [event for each in pings for event in drift(drifts, list(errands or (EAST,)), each)[0]]


def test_who_leaves_the_route_and_returns_is_told_once_each() -> None:
    """Off by three fixes, at the first of them; back by two near ones; the order is named."""
    events = told(ride(0, 30, 200, 300, 400, 500, 500, 300, 60, 20, 0, 0))
    assert ["off_route", "back_on_route"] == kinds(events)
    assert [(20.0, "route:dropoff", "o1"), (80.0, "route:dropoff", "o1")] == [
        ((event.ts - 1_000_000) / 1000, event.fence, event.order) for event in events
    ]


def test_between_the_thresholds_nothing_changes() -> None:
    """Nearer than off, farther than back: whoever was on stays on, whoever was off stays off."""
    assert [] == told(ride(*[120] * 20))
    assert ["off_route"] == kinds(told(ride(*[300] * 5, *[120] * 20)))


def test_wild_fixes_and_vague_ones_tell_nothing() -> None:
    """One or two fixes far away are errors, and a fix is never farther off than it admits to err."""
    assert [] == told(ride(0, 900, 0, 0, 900, 900, 0, 0))
    assert [] == told(ride(*[220] * 20, accuracy=80))


def test_three_fixes_in_a_breath_are_one_word() -> None:
    """Fixes each second must go on for twenty seconds."""
    assert [] == told([ping(at, 10 * at, 300) for at in range(15)])
    assert ["off_route"] == kinds(told([ping(at, 10 * at, 300) for at in range(30)]))


def test_with_two_stops_either_route_will_do() -> None:
    """A rider with two orders takes them in any order: off is off both."""
    north = Routed("o2:dropoff:1", Stop("o2", "dropoff", *place(0, 5000), since_ms=1_000_000), road((0, 0), (0, 5000)))
    along = [ping(STEP_S * at, 0, STEP_M * at) for at in range(20)]
    assert ["off_route"] == kinds(told(along, EAST))
    assert [] == told(along, EAST, north)
    astray = [ping(STEP_S * at, -STEP_M * at, -STEP_M * at) for at in range(20)]
    assert ["o1", "o2"] == [event.order for event in told(astray, EAST, north)]


@pytest.mark.parametrize("cut", [3, 5, 8])
def test_the_same_fixes_tell_the_same_events_again(cut: int) -> None:
    """Fixes that are judged twice change nothing the second time; a fresh judge comes to the same ids."""
    fixes = ride(0, 30, 200, 300, 400, 500, 500, 300, 60, 20, 0, 0)
    again = [*fixes[:cut], *fixes[:cut], *fixes[cut:]]
    assert told(fixes) == told(again)


def test_fixes_before_the_errand_are_of_another() -> None:
    """What was before the order's pick-up is not judged by its route."""
    assert [] == told([ping(-100 + at, 0, 900) for at in range(0, 90, 10)])


def test_the_door_is_near_by_road_too() -> None:
    """Thirty metres away over a river, and two kilometres by road: not at the door; over the bridge it is."""
    ladders: dict[str, Climb] = {}
    events = [event for at, away in enumerate((60, 30, 30)) for event in climb(ladders, STOP, _at(away, at), 2000)]
    assert ["dropoff:near", "dropoff:arriving"] == [event.fence for event in events]
    assert ["dropoff:door"] == [event.fence for event in climb(ladders, STOP, _at(20, 9), 40)]


def _at(away_m: float, step: int) -> Ping:
    return ping(STEP_S * step, 5000 - away_m)
