"""Any history: however it is cut into batches, stored and read back in between, the same things are told."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as some

from geo.fences.engine import advance
from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
from tests.geo.fences.walks import disc, ping, square

TABLE = FenceTable([
    Fence("small", disc(60)), Fence("round", disc(150, 120), dwell_s=20),
    Fence("square", square(120), speed_limit_mps=5),
])
MOVES = some.lists(
    some.tuples(some.integers(1, 40), some.floats(-60, 60), some.floats(-60, 60), some.sampled_from([None, 3.0, 25.0])),
    min_size=2, max_size=50,
)


def history(moves: list[Any], rider: str) -> list[Ping]:
    """A walk that begins west of the fences."""
    at, x, y = 0.0, -150.0, 0.0
    fixes = []
    for wait_s, east, north, accuracy in moves:
        at, x, y = at + wait_s, x + east + 6, y + north
        fixes.append(ping(at, x, y, accuracy, rider, speed=abs(east) / 4))
    return fixes


def stored(states: dict[str, RiderState]) -> dict[str, RiderState]:
    """The states as another process would read them."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(states), type=dict[str, RiderState])


def run(batches: list[list[Ping]]) -> list[Event]:
    """All events, with everything stored and read back between any two batches."""
    states = {"a": RiderState(), "b": RiderState()}
    events: list[Event] = []
    for batch in batches:
        events += advance(TABLE, states, batch)
        states = stored(states)
    return events


def by_id(events: list[Event]) -> list[Event]:
    """In an order that does not depend on batches: two riders' events of one moment have none."""
    return sorted(events, key=lambda event: event.event_id)


@settings(max_examples=60, deadline=None)
@given(a=MOVES, b=MOVES, cuts=some.sets(some.integers(0, 99), max_size=8))
def test_a_restart_anywhere_changes_nothing(a: list[Any], b: list[Any], cuts: set[int]) -> None:
    """Cut anywhere, with the states stored and read by another process, the events are the same, each once."""
    fixes = sorted(history(a, "a") + history(b, "b"), key=lambda fix: fix.ts)
    ends = sorted(cut for cut in cuts if cut < len(fixes))
    batches = [fixes[start:end] for start, end in zip([0, *ends], [*ends, len(fixes)], strict=True)]
    whole, cut = run([fixes]), run(batches)
    assert by_id(whole) == by_id(cut)
    assert len(whole) == len({event.event_id for event in whole})


@settings(max_examples=60, deadline=None)
@given(a=MOVES, again=some.lists(some.integers(0, 49), max_size=20))
def test_points_told_again_tell_nothing_again(a: list[Any], again: list[int]) -> None:
    """Repeated points, however late, add no event that was not there."""
    fixes = history(a, "a")
    once = run([fixes])
    doubled = [fix for at, fix in enumerate(fixes) for fix in (fix, *(fixes[i] for i in again if i <= at))]
    ids = {event.event_id for event in once}
    assert ids == {event.event_id for event in run([doubled]) if not event.late}


@settings(max_examples=60, deadline=None)
@given(a=MOVES)
def test_enter_and_exit_take_turns(a: list[Any]) -> None:
    """At one fence nobody enters twice without leaving, and times never run backwards within a visit."""
    fixes = history(a, "a")
    for fence in ("small", "round", "square"):
        mine = [event for event in run([fixes]) if event.fence == fence and event.kind in ("enter", "exit")]
        assert ["enter", "exit"] * (len(mine) // 2) + ["enter"] * (len(mine) % 2) == [event.kind for event in mine]
        times = [event.ts for event in mine]
        assert sorted(times) == times


def test_what_comes_late_is_told_as_late() -> None:
    """A visit in a time without fixes becomes known from the backlog: its events are marked, and told once."""
    table, states = FenceTable([Fence("f", disc(60))]), {"r1": RiderState()}
    before = [ping(at, -500) for at in (0, 10, 20)]
    after = [ping(at, -480) for at in (600, 610, 620)]
    backlog = [ping(100 + 10 * step, -300 + 25 * step) for step in range(25)]
    assert [] == advance(table, states, [*before, *after])
    events = [event for fix in backlog for event in advance(table, states, [fix])]
    assert [("enter", True), ("exit", True)] == [(event.kind, event.late) for event in events]
    assert [] == advance(table, states, backlog)


def test_late_points_do_not_tell_what_was_told() -> None:
    """The live row saw the rider come in across the gap; the late points only say when, which is old news."""
    table, states = FenceTable([Fence("f", disc(60))]), {"r1": RiderState()}
    live = [ping(0, -300), ping(10, -300), ping(90, 0), ping(100, 0), ping(110, 0)]
    told = [event for fix in live for event in advance(table, states, [fix])]
    assert ["enter"] == [event.kind for event in told]
    late = [ping(20 + 10 * step, -250 + 40 * step) for step in range(7)]
    assert [] == [event for fix in late for event in advance(table, states, [fix])]
