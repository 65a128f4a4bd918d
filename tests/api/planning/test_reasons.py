"""What cannot be served is said, stop by stop, and the rest is planned all the same."""

import asyncio
import random
from typing import Any

import msgspec
import pytest

from api.errors import Refused
from api.planning.planner import Planner
from api.planning.shapes import Plan, PlanRequest
from api.planning.solver import BUSY_MS, MOST_WAITING, Solver
from api.planning.travel import Travel
from city.graph import Graph
from city.invented import town
from city.places import SnappedPoint
from tests.api.planning.rounds import NOON, PLANNER, planned

HERE = {"lat": 14.6, "lng": 120.98}
NEAR = {"lat": 14.603, "lng": 120.983}
FAR = {"lat": 14.9, "lng": 121.3}
PORTO = {"lat": 41.15, "lng": -8.61}


def asked(**body: Any) -> PlanRequest:
    """A request as a client writes it."""
    return msgspec.convert({"riders": [{"start": HERE}], **body}, PlanRequest)


def whys(plan: Plan) -> dict[str, str]:
    """Each task that is left over, with its reason."""
    return {each.id: each.why for each in plan.left_over}


IMPOSSIBLE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("window_past", {"windows": [{"until": "2026-11-21T11:59:59Z"}]}, {}),
    ("window_missed", {**FAR, "windows": [{"until": "2026-11-21T12:05:00Z"}]}, {}),
    ("too_much", {"amount": 3}, {"capacity": 2}),
    ("shift_over", {"service_s": 3600}, {"shift": {"until": "2026-11-21T12:30:00Z"}}),
]


@pytest.mark.parametrize(("why", "stop", "rider"), IMPOSSIBLE)
async def test_a_stop_that_cannot_be_is_named_with_its_reason(
    why: str, stop: dict[str, Any], rider: dict[str, Any]
) -> None:
    """One impossible stop beside a possible one: the possible one is served."""
    stops = [{"id": "bad", **NEAR, **stop}, {"id": "good", **NEAR}]
    plan = await planned(asked(riders=[{"start": HERE, **rider}], stops=stops))
    assert ({"bad": why}, ["good"]) == (whys(plan), [step.id for step in plan.rounds[0].steps if step.id])


async def test_of_two_that_exclude_each_other_one_is_served() -> None:
    """Each possible alone: the one left over is said to be so for the other's sake."""
    noon = [{"until": "2026-11-21T12:10:00Z"}]
    there = {"lat": 14.597, "lng": 120.977}
    both = [{"id": "a", **NEAR}, {"id": "b", **there}]
    plan = await planned(asked(stops=[{**each, "windows": noon, "service_s": 900} for each in both]))
    assert ["not_all"] == list(whys(plan).values())


async def test_a_delivery_is_left_over_once() -> None:
    """It has two places, and is one thing that cannot be done."""
    late = {**NEAR, "windows": [{"until": "2026-11-21T12:00:01Z"}]}
    plan = await planned(asked(deliveries=[{"id": "d", "pickup": HERE, "dropoff": late}]))
    assert {"d": "window_missed"} == whys(plan)
    assert [("delivery", "d")] == [(each.kind, each.id) for each in plan.left_over]


async def test_a_stop_off_every_street_is_left_over_and_a_start_there_is_refused() -> None:
    """With a city's streets at hand; another continent's request is planned with straight lines."""
    graph = town.graph()
    planner = Planner(Travel(graph=graph), PLANNER.solver)
    on = on_a_street(graph)
    plan = await planned(asked(riders=[{"start": on}], stops=[{"id": "sea", **FAR}, {"id": "ok", **on}]), planner)
    assert ("route", {"sea": "off_road"}) == (plan.basis, whys(plan))
    refused = await planner.plan(asked(riders=[{"start": FAR}], stops=[{"id": "ok", **on}]), NOON)
    assert isinstance(refused, Refused)
    assert "riders[0].start" == refused.field
    elsewhere = await planned(asked(riders=[{"start": PORTO}], stops=[{"id": "ok", **PORTO}]), planner)
    assert ("straight", 1.35) == (elsewhere.basis, elsewhere.detour)


async def test_straight_lines_are_planned_as_finished_deliveries_taught() -> None:
    """Without streets a model's detour and speed replace the first guess; absurd ones are cut to what can be."""
    travel = Travel()
    planner, request = Planner(travel, PLANNER.solver), asked(stops=[{"id": "near", **NEAR}])
    guessed = await planned(request, planner)
    travel.learn(detour=2 * 1.35, speed_mps=25 / 3.6)
    longer = await planned(request, planner)
    assert (1.35, 2.7) == (guessed.detour, longer.detour)
    assert abs(longer.travel_s - 2 * guessed.travel_s) <= 1
    travel.learn(detour=1.35, speed_mps=25 / 3.6 / 2)
    assert abs((await planned(request, planner)).travel_s - 2 * guessed.travel_s) <= 1
    travel.learn(detour=99, speed_mps=0)
    assert (3.0, 1.0) == (travel.detour, travel.speed_mps)


async def test_a_place_that_no_street_leads_to_is_left_over() -> None:
    """Where the matrix knows no way, nobody is sent."""

    class Island(Travel):
        """A town whose second place is across the water."""

        async def times(self, starts: Any, ends: Any) -> Any:
            """No way between different places beyond a kilometre."""
            found = await super().times(starts, ends)
            return found._replace(seconds=[[s if s is None or s < 300 else None for s in row] for row in found.seconds])

    plan = await planned(asked(stops=[{"id": "isle", **FAR}, {"id": "ok", **NEAR}]), Planner(Island(), PLANNER.solver))
    assert {"isle": "unreachable"} == whys(plan)


async def test_a_city_that_cannot_be_read_is_no_city() -> None:
    """Plans go on with straight lines, and say so."""
    planner = Planner(Travel("/nowhere"), PLANNER.solver)
    assert "straight" == (await planned(asked(stops=[{"id": "ok", **NEAR}]), planner)).basis


async def test_places_at_the_same_spot_are_both_served() -> None:
    """Two orders to one house are two stops."""
    plan = await planned(asked(stops=[{"id": "a", **NEAR}, {"id": "b", **NEAR}]))
    assert {"a", "b"} == {step.id for step in plan.rounds[0].steps if step.id}


def on_a_street(graph: Graph) -> dict[str, float]:
    """Some place on a street."""
    south, west, north, east = graph.box
    rng = random.Random(1)
    at = graph.snap(rng.uniform(south, north), rng.uniform(west, east), 10_000)
    assert isinstance(at, SnappedPoint)
    return {"lat": at.lat, "lng": at.lng}


async def test_too_many_plans_at_once_are_refused_with_a_time_to_come_back() -> None:
    """The queue is short: what does not fit hears so at once, what fits is answered."""
    planner = Planner(Travel(), Solver())
    crowd = [planner.plan(asked(stops=[{"id": "ok", **NEAR}]), NOON) for _ in range(MOST_WAITING + 3)]
    answers = await asyncio.gather(*crowd)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert ([BUSY_MS] * 3, MOST_WAITING) == ([each.after_ms for each in refused], len(answers) - len(refused))
