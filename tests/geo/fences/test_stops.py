"""Arrival, step by step: each once, and only by a rider who comes nearer."""

from geo.fences.stops import Stop, climb
from geo.fences.track import Climb
from tests.geo.fences.walks import ping, place

STOP = Stop("o1", "dropoff", *place(0), since_ms=1_000_000)


def steps(*east_m: float) -> list[str]:
    """The steps told to a rider who is seen at these distances."""
    ladders: dict[str, Climb] = {}
    return [event.fence for at, x in enumerate(east_m) for event in climb(ladders, STOP, ping(5 * at, x))]


def test_each_step_is_told_once() -> None:
    """On the way in near, arriving and door; jitter at a line tells nothing twice."""
    expected = ["dropoff:near", "dropoff:arriving", "dropoff:door"]
    assert expected == steps(900, 600, 490, 510, 480, 300, 110, 95, 105, 90, 60, 38, 45, 20, 10, 50)


def test_a_fast_rider_gets_every_step() -> None:
    """From far to the door between two fixes: all three, in order."""
    assert ["dropoff:near", "dropoff:arriving", "dropoff:door"] == steps(800, 10)


def test_who_goes_away_does_not_arrive() -> None:
    """Inside the line but leaving tells nothing."""
    assert [] == steps(100, 200, 300, 450, 490)


def test_who_stands_there_has_come() -> None:
    """A rider who waits at the stop already is at the door at the second fix."""
    assert ["dropoff:near", "dropoff:arriving", "dropoff:door"] == steps(10, 11)


def test_fixes_of_another_errand_do_not_count() -> None:
    """What was before the order's pick-up, or comes late, climbs nothing."""
    ladders: dict[str, Climb] = {}
    assert [] == [event for at in range(5) for event in climb(ladders, STOP, ping(-10 + at, 10))]
    climb(ladders, STOP, ping(20, 600))
    assert [] == climb(ladders, STOP, ping(10, 10))
