"""The question in VROOM's words. Pure: places by index, whole seconds after the departure, whole amounts.

Travel times are rounded up, so that a window that is met by the plan is met on the road. What can be seen to be
impossible is not asked: a place off every street, or one whose windows are over.
"""

import math
from datetime import datetime
from typing import Any, NamedTuple

from api.planning.shapes import LONGEST_S, Delivery, PlanRequest, Point, Rider, Stop, Visit, Window
from api.planning.travel import Matrix, Place

NO_WAY_S = 10_000_000  # in the matrix where no street leads; no rider may travel that long
PRIORITY = 100  # every stop counts the same, and more than any detour
Span = tuple[int, int]  # seconds after the departure


class Question(NamedTuple):
    """A request with its clock started and its places numbered. `seconds[i][j]` is from place i to place j, or None."""

    request: PlanRequest
    departs_at: datetime
    places: tuple[Place, ...]
    seconds: tuple[tuple[int | None, ...], ...]
    off_road: frozenset[Place]

    def from_to(self, a: Point, b: Point) -> int | None:
        """Whole seconds of travel; None where there is no way."""
        return self.seconds[self.places.index(place_of(a))][self.places.index(place_of(b))]

    def spans(self, windows: tuple[Window, ...]) -> tuple[Span, ...]:
        """The windows that are not over, in whole seconds, in order; without any window the whole time."""
        if not windows:
            return ((0, LONGEST_S),)
        found = [self.span(window) for window in windows]
        ahead = [(begin, end) for begin, end in found if 0 <= end >= begin and begin <= LONGEST_S]
        return tuple(_joined(sorted((max(0, begin), min(end, LONGEST_S)) for begin, end in ahead)))

    def span(self, window: Window) -> Span:
        """Seconds after the departure, perhaps negative; an open side is the bound of everything."""
        begin = 0 if window.begins is None else math.ceil((window.begins - self.departs_at).total_seconds())
        end = LONGEST_S if window.until is None else math.floor((window.until - self.departs_at).total_seconds())
        return begin, end


def place_of(point: Point) -> Place:
    """As travel times know it."""
    return point.lat, point.lng


def visits(task: Stop | Delivery) -> tuple[Visit, ...]:
    """The places of a task in the order in which they must be visited."""
    return (task,) if isinstance(task, Stop) else (task.pickup, task.dropoff)


def places_of(request: PlanRequest) -> tuple[Place, ...]:
    """Every place of the request once."""
    ends = [point for rider in request.riders for point in (rider.start, rider.end) if point is not None]
    tasks = [visit for task in request.tasks for visit in visits(task)]
    return tuple(dict.fromkeys(place_of(point) for point in (*ends, *tasks)))


def question(
    request: PlanRequest, departs_at: datetime, places: tuple[Place, ...], seconds: Matrix, off_road: frozenset[Place]
) -> Question:
    """The request, ready to be asked; times in `seconds` are rounded up."""
    whole = tuple(tuple(None if each is None else math.ceil(each) for each in row) for row in seconds)
    return Question(request, departs_at, places, whole, off_road)


def document(asked: Question, stops: list[Stop], deliveries: list[Delivery]) -> dict[str, Any]:
    """VROOM's input. Stop i is job i + 1, delivery i the shipment whose pick-up and drop-off are i + 1."""
    number = {place: index for index, place in enumerate(asked.places)}
    return {
        "vehicles": [_vehicle(asked, rider, index + 1, number) for index, rider in enumerate(asked.request.riders)],
        "jobs": [
            {"id": index + 1, "delivery": [stop.amount], "priority": PRIORITY, **_visit(asked, stop, number)}
            for index, stop in enumerate(stops)
        ],
        "shipments": [
            {
                "amount": [each.amount], "priority": PRIORITY,
                "pickup": {"id": index + 1, **_visit(asked, each.pickup, number)},
                "delivery": {"id": index + 1, **_visit(asked, each.dropoff, number)},
            }
            for index, each in enumerate(deliveries)
        ],
        "matrices": {"car": {"durations": [[NO_WAY_S if s is None else s for s in row] for row in asked.seconds]}},
    }


def capacity_of(asked: Question, rider: Rider) -> int:
    """What fits on board; for riders without a limit more than there is."""
    everything = sum(task.amount for task in asked.request.tasks)
    return everything if rider.capacity is None else rider.capacity


def _vehicle(asked: Question, rider: Rider, number: int, places: dict[Place, int]) -> dict[str, Any]:
    begin, end = asked.span(rider.works)
    vehicle: dict[str, Any] = {
        "id": number, "start_index": places[place_of(rider.start)], "capacity": [capacity_of(asked, rider)],
        "max_travel_time": NO_WAY_S - 1, "time_window": [max(0, begin), max(0, begin, min(end, LONGEST_S))],
    }
    if rider.end is not None:
        vehicle["end_index"] = places[place_of(rider.end)]
    return vehicle


def _visit(asked: Question, visit: Visit, places: dict[Place, int]) -> dict[str, Any]:
    return {
        "location_index": places[place_of(visit)], "service": visit.service_s,
        "time_windows": [list(span) for span in asked.spans(visit.windows)],
    }


def _joined(spans: list[Span]) -> list[Span]:
    """Spans that touch or overlap as one: VROOM wants them apart."""
    apart: list[Span] = []
    for begin, end in spans:
        if apart and begin <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((begin, end))
    return apart
