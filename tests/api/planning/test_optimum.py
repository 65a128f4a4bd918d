"""The planner against an exact search: what VROOM finds is the best there is, or close to it."""

import random

import msgspec
import pytest

from api.planning.planner import Planner
from api.planning.shapes import PlanRequest, Rider
from api.planning.travel import Travel
from city.invented import town
from city.places import SnappedPoint
from tests.api.planning.rounds import PLANNER, exact_s, planned, question_of, start, stop

HOUR_S = 3600


def request(seed: int, stops: int, windows: int) -> PlanRequest:
    """One rider, there and back or one way, some of the stops within an hour of their own."""
    rng = random.Random(seed)
    rider = Rider(start=start(rng), end=start(rng) if seed % 2 else None)
    spans = [(opens := rng.randrange(0, HOUR_S), opens + HOUR_S) if i < windows else None for i in range(stops)]
    made = tuple(stop(rng, f"s{i}", spans[i], service_s=rng.choice((0, 60, 120))) for i in range(stops))
    return PlanRequest(riders=(rider,), stops=made)


@pytest.mark.parametrize("seed", range(8))
async def test_five_stops_are_ridden_in_the_best_order(seed: int) -> None:
    """The travel time of the plan is that of the best of all orders which keep the windows."""
    asked = request(seed, 5, windows=seed % 4)
    best_s = exact_s(await question_of(asked))
    plan = await planned(asked)
    assert best_s is not None
    assert ([], best_s) == (plan.left_over, plan.travel_s)


@pytest.mark.parametrize("seed", range(4))
async def test_ten_stops_are_ridden_within_five_percent_of_the_best_order(seed: int) -> None:
    """The same of ten stops, where a twentieth more is allowed."""
    asked = request(seed, 10, windows=seed)
    best_s = exact_s(await question_of(asked))
    plan = await planned(asked)
    assert best_s is not None
    assert [] == plan.left_over
    assert plan.travel_s <= 1.05 * best_s


async def test_on_streets_the_order_is_the_best_too() -> None:
    """One-way streets make ways there and back differ; the plan says that it went by streets."""
    graph = town.graph()
    south, west, north, east = graph.box
    rng = random.Random(3)

    def inside() -> dict[str, float]:
        at = graph.snap(rng.uniform(south, north), rng.uniform(west, east), 10_000)
        assert isinstance(at, SnappedPoint)
        return {"lat": at.lat, "lng": at.lng}

    stops = [{"id": f"s{i}", **inside()} for i in range(5)]
    asked = msgspec.convert({"riders": [{"start": inside()}], "stops": stops}, PlanRequest)
    travel = Travel(graph=graph)
    plan = await planned(asked, Planner(travel, PLANNER.solver))
    assert ("route", exact_s(await question_of(asked, travel))) == (plan.basis, plan.travel_s)
    assert plan.distance_m > 0
