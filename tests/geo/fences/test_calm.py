"""Fixes that are far from every edge are not judged, and nobody can tell: the same events as when all are."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geo.fences import engine
from geo.fences.engine import advance
from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.shape import Shape
from geo.fences.table import FenceTable
from geo.fences.track import ENTERING, INSIDE, Ping, RiderState
from tests.geo.fences.test_histories import MOVES, history, stored
from tests.geo.fences.walks import disc, kinds, outline, ping, square

RIDERS = 40


def fences(dice: random.Random) -> list[Fence]:
    """Some of every sort, about as dense as riders' days are long."""
    made: list[Shape] = []
    for _ in range(20):
        x, y, reach = dice.uniform(-2000, 2000), dice.uniform(-2000, 2000), dice.uniform(60, 700)
        made += [disc(reach, x, y), outline((x, y), (x + reach, y), (x + reach, y + reach), (x, y + 2 * reach))]
    return [
        Fence(str(number), shape, dwell_s=dice.choice([None, None, 60]), speed_limit_mps=dice.choice([None, None, 9]))
        for number, shape in enumerate(made)
    ]


def rides(dice: random.Random) -> list[list[Ping]]:
    """Batches: riders who wander, a fix each few seconds, sometimes two at once, none at all, or a wild one."""
    at = [(dice.uniform(-2000, 2000), dice.uniform(-2000, 2000)) for _ in range(RIDERS)]
    towards = [(dice.uniform(-9, 9), dice.uniform(-9, 9)) for _ in range(RIDERS)]
    batches = []
    for second in range(0, 900, 5):
        batch = []
        for rider in range(RIDERS):
            if dice.random() < 0.05:
                towards[rider] = (dice.uniform(-9, 9), dice.uniform(-9, 9))
            at[rider] = (at[rider][0] + 5 * towards[rider][0], at[rider][1] + 5 * towards[rider][1])
            noise_m = 400 if dice.random() < 0.01 else 6
            for part in range(dice.choice([0, 1, 1, 1, 1, 2])):
                x, y = (where + dice.gauss(0, noise_m) for where in at[rider])
                batch.append(ping(second + part, x, y, dice.choice([None, 5, 30]), f"r{rider}", dice.uniform(4, 14)))
        batches.append(batch)
    return batches


def run(seed: int) -> tuple[list[Event], int]:
    """What is told of it all, with an edit on the way; and how many riders had nothing near at the end."""
    dice = random.Random(seed)
    table, batches = FenceTable(fences(dice)), rides(dice)
    states = {f"r{rider}": RiderState() for rider in range(RIDERS)}
    told: list[Event] = []
    for number, batch in enumerate(batches):
        told += advance(table, states, batch)
        if number == 90:
            table.drop("3")
            table.put(Fence("new", square(900)))
    return told, len(table.calm)


@pytest.mark.parametrize("seed", range(5))
def test_who_is_far_from_every_edge_is_not_judged_and_nothing_is_missed(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without the circles of calm the same events, in the same order."""
    told, calm = run(seed)
    assert calm > RIDERS // 4
    assert len(told) > 100
    monkeypatch.setattr(engine, "CALM_M", 0.0)
    assert (told, 0) == run(seed)


def judged(batches: list[list[Ping]], edited: int, around_m: float) -> tuple[list[Event], list[Any]]:
    """What is told of it all and what is known in the end, with edges looked for so far around, and an edit."""
    table = FenceTable([
        Fence("round", disc(120, 40)), Fence("stay", disc(90, 250, 60), dwell_s=20), Fence("far", disc(200, 900, 900)),
        Fence("corner", outline((0, 0), (200, 20), (60, 60), (20, 200))), Fence("limit", square(70), speed_limit_mps=5),
    ])
    states = {"a": RiderState(), "b": RiderState()}
    events: list[Event] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "CALM_M", around_m)
        for number, batch in enumerate(batches):
            events += advance(table, states, batch)
            if number == edited:
                table.drop("round")
                table.put(Fence("new", square(150)))
    visits = [(rider, fence, visit.phase, visit.fixes) for rider, state in stored(states).items()
              for fence, visit in sorted(state.live.visits.items())]
    return events, visits


@settings(max_examples=80, deadline=None)
@given(a=MOVES, b=MOVES, size=some.integers(1, 7), edited=some.integers(0, 60))
def test_a_circle_of_calm_and_what_is_busy_in_it_decide_as_a_look_at_everything(
    a: list[Any], b: list[Any], size: int, edited: int
) -> None:
    """Any two riders, any batches, an edit anywhere: with and without circles the same events, visits and phases."""
    fixes = sorted(history(a, "a") + history(b, "b"), key=lambda fix: fix.ts)
    batches = [fixes[start : start + size] for start in range(0, len(fixes), size)]
    assert judged(batches, edited, 0.0) == judged(batches, edited, 300.0)


def test_where_one_fence_is_busy_the_others_are_not_looked_at() -> None:
    """Who has just come in is judged at that fence alone, and in the calm as soon as it is sure."""
    table, states = FenceTable([Fence("f", disc(200)), Fence("other", disc(100, 700))]), {"r1": RiderState()}
    busy, phases = [], []
    for step in range(5):
        advance(table, states, [ping(5 * step, -260 + 35 * step)])
        busy.append(table.calm["r1"][5])
        phases.append([visit.phase for visit in states["r1"].live.visits.values()])
    assert [(), (), (0,), (), ()] == busy
    assert [[], [], [ENTERING], [INSIDE], [INSIDE]] == phases


def test_a_fence_drawn_in_the_calm_counts_at_once() -> None:
    """Edits end every calm: a fence that appears, moves or goes between two fixes is seen by the next."""
    table, states = FenceTable([Fence("far", disc(100, 5000))]), {"r1": RiderState()}
    assert [] == [event for at in range(0, 50, 5) for event in advance(table, states, [ping(at, at)])]
    assert {"r1"} == set(table.calm)
    table.put(Fence("f", disc(100, 250)))
    events = [event for at in range(50, 250, 5) for event in advance(table, states, [ping(at, 50 + 4 * (at - 50))])]
    assert ["enter", "exit"] == kinds(events)
