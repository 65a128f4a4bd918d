"""VROOM's answer as rounds with clock times. Pure; what VROOM's fields mean stands in its API documentation."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from api.planning.problem import Question
from api.planning.shapes import Delivery, Round, Step, StepKind, Stop
from api.planning.travel import Place

Length = Callable[[Place, Place], float]
KINDS: dict[str, StepKind] = {
    "start": "start", "job": "stop", "pickup": "pickup", "delivery": "dropoff", "end": "end"
}


def legs_of(asked: Question, solved: dict[str, Any]) -> list[tuple[Place, Place]]:
    """Every way of every round, to be measured."""
    return [
        (asked.places[a["location_index"]], asked.places[b["location_index"]])
        for each in solved["routes"] for a, b in pairwise(each["steps"])
    ]


def rounds_of(
    asked: Question, solved: dict[str, Any], stops: list[Stop], deliveries: list[Delivery], length_m: Length
) -> list[Round]:
    """One round for each rider who has something to do."""
    rounds = []
    for each in solved["routes"]:
        steps = _steps(asked, each["steps"], stops, deliveries, length_m)
        rider = asked.request.riders[each["vehicle"] - 1]
        if rider.end is None:
            steps = steps[:-1]  # VROOM repeats the last stop as the end
        rounds.append(Round(
            rider=rider.id, steps=steps, travel_s=sum(step.travel_s for step in steps),
            distance_m=sum(step.distance_m for step in steps), waits_s=sum(step.waits_s for step in steps),
            service_s=sum(step.service_s for step in steps),
        ))
    return rounds


def left_of(solved: dict[str, Any], stops: list[Stop], deliveries: list[Delivery]) -> list[Stop | Delivery]:
    """What VROOM could not place; a delivery is named by both its ends, and counts once."""
    names = {(each["type"], each["id"]) for each in solved["unassigned"]}
    left: list[Stop | Delivery] = [stop for i, stop in enumerate(stops) if ("job", i + 1) in names]
    return left + [each for i, each in enumerate(deliveries) if ("pickup", i + 1) in names]


def _steps(
    asked: Question, raw: list[dict[str, Any]], stops: list[Stop], deliveries: list[Delivery], length_m: Length
) -> list[Step]:
    both = [each.id for each in deliveries]
    names: dict[str, list[str]] = {"stop": [stop.id for stop in stops], "pickup": both, "dropoff": both}
    steps: list[Step] = []
    before: dict[str, Any] | None = None
    for each in raw:
        kind = KINDS[each["type"]]
        here = asked.places[each["location_index"]]
        named = names.get(kind)
        arrives_at = asked.departs_at + timedelta(seconds=each["arrival"])
        steps.append(Step(
            kind=kind, id=named[each["id"] - 1] if named else None, lat=here[0], lng=here[1],
            travel_s=each["duration"] - before["duration"] if before else 0,
            distance_m=round(length_m(asked.places[before["location_index"]], here)) if before else 0,
            arrives_at=arrives_at, waits_s=each["waiting_time"], service_s=each["service"],
            leaves_at=arrives_at + timedelta(seconds=each["waiting_time"] + each["service"]),
            load=each["load"][0],
        ))
        before = each
    return steps
