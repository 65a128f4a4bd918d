"""Fixes that are far from every edge are not judged, and nobody can tell: the same events as when all are."""

import random

import pytest

from geo.fences import engine
from geo.fences.engine import advance
from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.shape import Shape
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
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


def test_a_fence_drawn_in_the_calm_counts_at_once() -> None:
    """Edits end every calm: a fence that appears, moves or goes between two fixes is seen by the next."""
    table, states = FenceTable([Fence("far", disc(100, 5000))]), {"r1": RiderState()}
    assert [] == [event for at in range(0, 50, 5) for event in advance(table, states, [ping(at, at)])]
    assert {"r1"} == set(table.calm)
    table.put(Fence("f", disc(100, 250)))
    events = [event for at in range(50, 250, 5) for event in advance(table, states, [ping(at, 50 + 4 * (at - 50))])]
    assert ["enter", "exit"] == kinds(events)
