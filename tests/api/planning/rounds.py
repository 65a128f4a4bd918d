"""Problems for the planner, a planner over plain numbers of seconds, and an exact search to hold it against."""

import random
from datetime import UTC, datetime, timedelta

from api.errors import Refused
from api.planning.planner import Planner
from api.planning.problem import Question, Span, place_of, places_of, question, visits
from api.planning.shapes import Delivery, Plan, PlanRequest, Point, Rider, Stop, Window
from api.planning.solver import Solver
from api.planning.travel import Travel

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOWN_LAT, TOWN_LNG, WIDE = 14.5995, 120.9842, 0.04
PLANNER = Planner(Travel(), Solver())


def somewhere(rng: random.Random) -> tuple[float, float]:
    """A place within some four kilometres."""
    return round(TOWN_LAT + rng.uniform(0, WIDE), 5), round(TOWN_LNG + rng.uniform(0, WIDE), 5)


def stop(rng: random.Random, name: str, span: Span | None = None, service_s: int = 0, amount: int = 0) -> Stop:
    """A stop somewhere."""
    lat, lng = somewhere(rng)
    return Stop(id=name, lat=lat, lng=lng, service_s=service_s, amount=amount, windows=(window(*span),) if span else ())


def window(begin_s: int, end_s: int) -> Window:
    """Seconds after noon."""
    return Window(begins=NOON + timedelta(seconds=begin_s), until=NOON + timedelta(seconds=end_s))


def start(rng: random.Random) -> Point:
    """Where a rider begins."""
    lat, lng = somewhere(rng)
    return Point(lat=lat, lng=lng)


async def planned(request: PlanRequest, planner: Planner = PLANNER) -> Plan:
    """The plan; an assertion when there is none."""
    plan = await planner.plan(request, NOON)
    assert not isinstance(plan, Refused), plan
    return plan


async def question_of(request: PlanRequest, travel: Travel | None = None) -> Question:
    """What the planner asks, for those who answer it otherwise."""
    places = places_of(request)
    times = await (travel or Travel()).times(places, places)
    return question(request, NOON, places, times.seconds, times.off_road)


def exact_s(asked: Question) -> int | None:
    """The least travel in which the first rider serves every stop within its windows: every order is tried, until it
    cannot be the best any more, because each stop ahead takes at least the shortest way that leads to it."""
    rider, stops = asked.request.riders[0], asked.request.stops
    froms, spans = (*stops, rider.start), [asked.spans(stop.windows) for stop in stops]
    ways = [[_way_s(asked, point, stop) for stop in stops] for point in froms]
    homes = [_way_s(asked, stop, rider.end) if rider.end else 0 for stop in stops]
    least = [min(ways[i][j] for i in range(len(froms)) if i != j) for j in range(len(stops))]
    best: int | None = None

    def extend(here: int, now_s: int, travel_s: int, left: frozenset[int]) -> None:
        nonlocal best
        if best is not None and travel_s + sum(least[each] for each in left) >= best:
            return
        if not left:
            whole_s = travel_s + homes[here]
            best = whole_s if best is None else min(best, whole_s)
            return
        for each in sorted(left, key=ways[here].__getitem__):
            there_s = now_s + ways[here][each]
            span = next((span for span in spans[each] if span[1] >= there_s), None)
            if span is not None:
                leaves_s = max(there_s, span[0]) + stops[each].service_s
                extend(each, leaves_s, travel_s + ways[here][each], left - {each})

    extend(len(stops), 0, 0, frozenset(range(len(stops))))
    return best


def _way_s(asked: Question, a: Point, b: Point) -> int:
    way_s = asked.from_to(a, b)
    assert way_s is not None
    return way_s


def broken_rules(asked: Question, plan: Plan) -> list[str]:
    """What in the plan the request does not allow, in words, computed from the request alone."""
    request, broken = asked.request, list[str]()
    tasks: dict[str, Stop | Delivery] = {task.id: task for task in request.tasks}
    riders: dict[str, Rider] = {rider.id: rider for rider in request.riders}
    for each in plan.rounds:
        rider, seen = riders[each.rider], list[tuple[str, str]]()
        board = sum(tasks[step.id].amount for step in each.steps if step.kind == "stop" and step.id)
        now = each.steps[0].leaves_at
        here = (each.steps[0].lat, each.steps[0].lng)
        if here != place_of(rider.start) or now < NOON:
            broken.append(f"{rider.id} starts elsewhere or too early")
        for step in each.steps[1:]:
            way_s = asked.seconds[asked.places.index(here)][asked.places.index((step.lat, step.lng))]
            if way_s is None or step.arrives_at < now + timedelta(seconds=way_s):
                broken.append(f"{step.id} is reached too early")
            here, now = (step.lat, step.lng), step.leaves_at
            if step.id is not None:
                task = tasks[step.id]
                visit = visits(task)[1 if step.kind == "dropoff" else 0]
                begins_s = (step.leaves_at - NOON).total_seconds() - visit.service_s
                if not any(begin <= begins_s <= end for begin, end in asked.spans(visit.windows)):
                    broken.append(f"{step.id} is served outside its windows")
                if step.kind == "dropoff" and (step.id, "pickup") not in seen:
                    broken.append(f"{step.id} is dropped off before it is picked up")
                board += task.amount if step.kind == "pickup" else -task.amount
                seen.append((step.id, step.kind))
            if rider.capacity is not None and board > rider.capacity:
                broken.append(f"{rider.id} carries {board}")
        if rider.works.until is not None and now > rider.works.until:
            broken.append(f"{rider.id} works after the shift")
    return broken


def told_of(plan: Plan) -> list[str]:
    """Every task the plan mentions: served ones as often as they are visited, left ones once."""
    served = [step.id for each in plan.rounds for step in each.steps if step.id and step.kind != "pickup"]
    return sorted([*served, *(each.id for each in plan.left_over)])


