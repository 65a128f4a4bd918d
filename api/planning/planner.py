"""From a request to a plan: measure, ask, answer. Limits and what cannot be asked are refused as values."""

from collections import Counter
from datetime import datetime

from api.errors import Refused
from api.planning.answer import left_of, legs_of, rounds_of
from api.planning.problem import Question, document, place_of, places_of, question
from api.planning.reasons import left_over, why_never
from api.planning.shapes import LONGEST_S, MOST_PLACES, Plan, PlanRequest
from api.planning.solver import Solver
from api.planning.travel import Travel


class Planner:
    """Makes plans with the travel times and the solver it is given."""

    def __init__(self, travel: Travel, solver: Solver) -> None:
        self.travel, self.solver = travel, solver

    async def plan(self, request: PlanRequest, now: datetime) -> Plan | Refused:
        """The best rounds found; what cannot be served is in `left_over`, with the reason."""
        refused = check(request)
        if refused is not None:
            return refused
        places = places_of(request)
        times = await self.travel.times(places, places)
        asked = question(request, request.departs_at or now, places, times.seconds, times.off_road)
        refused = check_riders(asked)
        if refused is not None:
            return refused
        stops = [stop for stop in request.stops if why_never(asked, stop) is None]
        deliveries = [each for each in request.deliveries if why_never(asked, each) is None]
        never = [task for task in request.tasks if why_never(asked, task)]
        solved = await self.solver.solve(document(asked, stops, deliveries)) if stops or deliveries else NOTHING
        if isinstance(solved, Refused):
            return solved
        legs = legs_of(asked, solved)
        lengths_m = dict(zip(legs, await self.travel.legs_m(legs, times.basis), strict=True))
        rounds = rounds_of(asked, solved, stops, deliveries, lambda a, b: lengths_m[a, b])
        straight = times.basis == "straight"
        return Plan(
            basis=times.basis, detour=self.travel.detour if straight else None,
            speed_mps=self.travel.speed_mps if straight else None,
            rounds=rounds, left_over=[left_over(asked, task) for task in never + left_of(solved, stops, deliveries)],
            travel_s=sum(each.travel_s for each in rounds), distance_m=sum(each.distance_m for each in rounds),
        )


NOTHING: dict[str, list[dict[str, object]]] = {"routes": [], "unassigned": []}


def check(request: PlanRequest) -> Refused | None:
    """What is wrong with the request as a whole."""
    if request.places == 0:
        return Refused("bad_request", "Give at least one stop or delivery.", "stops")
    if request.places > MOST_PLACES:
        return Refused(
            "bad_request", f"{request.places} places; at most {MOST_PLACES} (a delivery counts two).", "stops"
        )
    for field, ids in (
        ("riders", [rider.id for rider in request.riders]),
        ("stops", [task.id for task in request.tasks]),
    ):
        name, times = Counter(ids).most_common(1)[0]
        if times > 1:
            return Refused("bad_request", f"The id {name} is given {times} times; ids are unique.", field)
    return None


def check_riders(asked: Question) -> Refused | None:
    """Nobody can start or end off every street, or work a shift that is over."""
    for index, rider in enumerate(asked.request.riders):
        for name, point in (("start", rider.start), ("end", rider.end)):
            if point is not None and place_of(point) in asked.off_road:
                return Refused(
                    "bad_request", "No street of this city is within 300 m of this place.", f"riders[{index}].{name}"
                )
        begin, end = asked.span(rider.works)
        if end < max(0, begin) or begin > LONGEST_S:
            return Refused(
                "bad_request", "The shift is over before the departure, or ends before it begins.",
                f"riders[{index}].shift",
            )
    return None
