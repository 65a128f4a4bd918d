"""In and out, told once each, never by one fix and never by less than the fixes can tell."""

import msgspec
import pytest

from geo.fences.engine import advance
from geo.fences.fence import Fence
from geo.fences.machine import PHASES
from geo.fences.shape import Shape
from geo.fences.table import FenceTable
from geo.fences.track import ENTERING, INSIDE, LEAVING, RiderState
from tests.geo.fences.walks import disc, kinds, ping, second, square, told

SHAPES = [disc(100), square(100)]


@pytest.mark.parametrize("shape", SHAPES, ids=["circle", "square"])
def test_a_visit_is_one_enter_and_one_exit_at_the_edge(shape: Shape) -> None:
    """Both are told once, with the interpolated time at which the edge was crossed."""
    events = told(Fence("f", shape), *(ping(5 * step, -303 + 50 * step) for step in range(13)))
    assert ["enter", "exit"] == kinds(events)
    assert [20.3, 40.3] == [pytest.approx(second(event), abs=0.02) for event in events]


@pytest.mark.parametrize("shape", SHAPES, ids=["circle", "square"])
def test_one_fix_inside_by_mistake_tells_nothing(shape: Shape) -> None:
    """A single stray point far inside, a second away from good ones outside, is an error and no visit."""
    fixes = [ping(step, -150) for step in range(10)]
    fixes[5] = ping(5, 0)
    assert [] == told(Fence("f", shape), *fixes)


@pytest.mark.parametrize("shape", SHAPES, ids=["circle", "square"])
def test_nobody_jumps_a_fence(shape: Shape) -> None:
    """Two fixes on either side and none inside: a crossing, with the time the edge was met."""
    events = told(Fence("f", shape), *(ping(15 * step, -600 + 300 * step, accuracy=None) for step in range(5)))
    assert ["enter", "exit"] == kinds(events)
    events = told(Fence("f", shape), *(ping(15 * step, -450 + 300 * step, accuracy=None) for step in range(5)))
    assert ["cross"] == kinds(events)
    assert pytest.approx(17.5, abs=0.02) == second(events[0])


def test_out_begins_beyond_the_edge() -> None:
    """A rider who leaves a 100 m circle by 15 m and comes back was never away; by 30 m, twice seen, they were."""
    came = [ping(10 * step, -200 + 50 * step, accuracy=0) for step in range(5)]
    near, far = ([ping(50 + 10 * step, 100 + by + step, accuracy=0) for step in range(3)] for by in (15, 30))
    back = [ping(90 + 10 * step, 0, accuracy=0) for step in range(3)]
    assert ["enter"] == kinds(told(Fence("f", disc()), *came, *near, *back))
    assert ["enter", "exit", "enter"] == kinds(told(Fence("f", disc()), *came, *far, *back))


def test_an_unsure_phone_is_believed_later() -> None:
    """With 60 m of claimed error, two fixes 30 m inside are not enough; many are."""
    fence = Fence("f", disc(200))
    came = [ping(0, -400, accuracy=60), *(ping(30 + 5 * step, -170, step, accuracy=60) for step in range(2))]
    assert [] == told(fence, *came)
    assert ["enter"] == kinds(told(fence, *came, *(ping(45 + 5 * step, -150, step, accuracy=60) for step in range(8))))
    again = [ping(45 + 5 * step, -140, accuracy=60) for step in range(99)]
    assert [] == told(fence, *came, *again)  # one place, said ninety-nine times, was measured once


def test_fixes_of_one_moment_err_alike() -> None:
    """Five fixes within a second are not five proofs; as many over twenty seconds are."""
    fence = Fence("f", disc(200))
    for every_s, expected in ((0.2, []), (5, ["enter"])):
        burst = [ping(40 + every_s * step, -180 + step, accuracy=20) for step in range(5)]
        assert expected == kinds(told(fence, ping(0, -400), *burst))


def test_a_phone_that_knows_only_its_network_is_not_heard() -> None:
    """Fixes that admit more than two hundred metres move nobody in or out, however many there are."""
    fixes = [ping(at, 0, accuracy=5) for at in range(0, 50, 5)]
    elsewhere = [ping(at, 700, accuracy=800) for at in range(50, 500, 5)]
    assert ["enter"] == kinds(told(Fence("f", disc(100)), *fixes, *elsewhere))
    assert [] == told(Fence("f", disc(100)), *[ping(at, 0, accuracy=800) for at in range(0, 500, 5)])


def test_no_phone_is_as_good_as_it_boasts() -> None:
    """Two fixes three metres inside prove nothing, though the phone admits to a metre only; fifteen metres do."""
    for inside_m, expected in ((3, []), (15, ["enter"])):
        fixes = [ping(0, 140), *(ping(at, 100 - inside_m, accuracy=1) for at in (5, 10))]
        assert expected == kinds(told(Fence("f", disc(100)), *fixes))


@pytest.mark.parametrize("wait_s", [5, 600])
@pytest.mark.parametrize("shape", SHAPES, ids=["circle", "square"])
def test_nobody_enters_or_crosses_a_fence_drawn_around_them(shape: Shape, wait_s: int) -> None:
    """A rider who was there before the fence is in without a word, also after a long silence; leaving is an exit."""
    table, states = FenceTable(), {"r1": RiderState()}
    before = [ping(5 * at, -10) for at in range(4)]
    after = [ping(15 + wait_s + 5 * at, -10 + 50 * at) for at in range(6)]
    assert [] == [event for fix in before for event in advance(table, states, [fix])]
    table.put(Fence("f", shape, dwell_s=8))
    events = [event for fix in after for event in advance(table, states, [fix])]
    assert ["dwell", "exit"] == kinds(events)
    assert [pytest.approx(15 + wait_s + at, abs=0.02) for at in (8, 11)] == [second(event) for event in events]


def test_who_leaves_a_fence_drawn_around_them_at_once_is_told_to_leave() -> None:
    """The first fix after it was drawn lies outside already: an exit, and no crossing."""
    table, states = FenceTable(), {"r1": RiderState()}
    assert [] == advance(table, states, [ping(5 * at, -10) for at in range(4)])
    table.put(Fence("f", disc()))
    assert ["exit"] == kinds([event for at in (20, 25, 30) for event in advance(table, states, [ping(at, 20 * at)])])


def test_a_stay_is_told_once_it_is_long_enough() -> None:
    """`dwell` bears the moment the stay became that long, once a visit."""
    fence = Fence("f", disc(), dwell_s=60)
    fixes = [ping(0, -200), *(ping(10 * step, 5 * (step % 2)) for step in range(1, 20))]
    events = told(fence, *fixes)
    assert ["enter", "dwell"] == kinds(events)
    assert second(events[0]) + 60 == second(events[1])


def test_too_fast_inside_is_told_once_until_slower() -> None:
    """A limit exceeded for three seconds is told; only after clearly slower fixes can it be told again."""
    fence = Fence("f", disc(1000), speed_limit_mps=10)
    speeds = [8, 8, 12, 12, 12, 12, 12, 9.5, 12, 12, 12, 8, 12, 12, 12, 12, 12]
    fixes = [ping(2 * step, 20 * step, speed=speed) for step, speed in enumerate(speeds)]
    events = told(fence, *fixes)
    assert ["enter", "speeding", "speeding"] == kinds(events)
    assert [12, 12] == [event.speed_mps for event in events[1:]]


def test_only_the_kinds_asked_for_are_told() -> None:
    """A fence that tells of exits is silent about entering."""
    fence = Fence("f", disc(), kinds=frozenset({"exit"}))
    assert ["exit"] == kinds(told(fence, *(ping(5 * step, -303 + 50 * step) for step in range(13))))


def test_the_machine_knows_every_phase_and_side() -> None:
    """No combination of phase and side is without a rule."""
    expected = {(phase, side) for phase in (ENTERING, INSIDE, LEAVING) for side in ("in", "between", "out")}
    assert expected == set(PHASES)


def test_a_points_event_is_the_same_however_often_it_is_told() -> None:
    """Ids come from fence, rider, kind and fix; another rider or fence has others."""
    fixes = [ping(5 * step, -303 + 50 * step) for step in range(13)]
    once, again = told(Fence("f", disc()), *fixes), told(Fence("f", disc()), *fixes)
    other = told(Fence("g", disc()), *fixes)
    assert [msgspec.to_builtins(event) for event in once] == [msgspec.to_builtins(event) for event in again]
    assert 4 == len({event.event_id for event in [*once, *other]})
