"""Fences that go with a rider: who comes near them is told, they themselves are not."""

import pytest

from geo.fences.engine import advance_among_riders
from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
from tests.geo.fences.walks import disc, kinds, ping

STEP_S = 5


def told(pings: list[Ping], at_once: int = 500, among: int = 0) -> list[Event]:
    """What a circle of 100 m that goes with r1 tells, among so many fences that stand still far away."""
    still = [Fence(f"still{number}", disc(50, 10_000 + 200 * number)) for number in range(among)]
    table = FenceTable([Fence("f", disc(100), rider="r1"), *still])
    states = {each.rider: RiderState() for each in pings}
    return [event for told in advance_among_riders(table, states, pings, at_once) for event in told]


def meeting() -> list[Ping]:
    """r1 rides east, r2 comes from there, they pass each other between the tenth and the eleventh step."""
    steps = [(ping(STEP_S * at, 50 * at), ping(STEP_S * at + 1, 1000 - 50 * at, rider="r2")) for at in range(21)]
    return [each for step in steps for each in step]


def test_riders_who_meet_are_told_of_once() -> None:
    """One enter and one exit of the other rider, where the two were near each other; none of the one it goes with."""
    events = told(meeting())
    assert (["enter", "exit"], {"r2"}) == (kinds(events), {event.rider for event in events})
    seconds = [(event.ts - 1_000_000) / 1000 for event in events]
    assert 45 <= seconds[0] <= 51 < seconds[1] < 70


@pytest.mark.parametrize("at_once", [1, 3, 500])
def test_how_fixes_come_in_batches_makes_no_difference(at_once: int) -> None:
    """The fence moves with each of its rider's fixes, not with each batch."""
    assert told(meeting()) == told(meeting(), at_once, among=300)


def test_riders_who_ride_together_are_together_until_they_part() -> None:
    """Two side by side for long: one enter, and one exit where their ways part."""
    pings = []
    for at in range(60):
        pings += [ping(STEP_S * at, 50 * at), ping(STEP_S * at + 1, 50 * min(at, 40), 20, rider="r2")]
    assert ["enter", "exit"] == kinds(told(pings))


def test_a_fence_that_no_longer_goes_with_anybody_stays_where_it_is() -> None:
    """An edit that takes the rider away ends it, and so does deleting the fence."""
    table = FenceTable([Fence("f", disc(100), rider="r1"), Fence("g", disc(100), rider="r1")])
    table.put(Fence("f", disc(100)))
    table.drop("g")
    assert {} == table.moving
