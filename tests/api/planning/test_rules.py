"""What every plan keeps, whatever is asked: windows, capacities, shifts, pick-ups first, and nothing forgotten."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.planning.shapes import Delivery, Plan, PlanRequest, Point, Rider, Stop, Visit
from tests.api.planning.rounds import TOWN_LAT, TOWN_LNG, broken_rules, planned, question_of, told_of, window

degrees = st.integers(0, 40).map(lambda milli: milli / 1000)
spots = st.builds(lambda lat, lng: {"lat": TOWN_LAT + lat, "lng": TOWN_LNG + lng}, degrees, degrees)
spans = st.tuples(st.integers(-600, 6000), st.integers(0, 3000)).map(lambda pair: window(pair[0], pair[0] + pair[1]))
windows = st.lists(spans, max_size=2).map(tuple)
amounts = st.integers(0, 4)
visits = st.builds(lambda at, service_s, when: Visit(**at, service_s=service_s, windows=when),
                   spots, st.integers(0, 300), windows)


@st.composite
def requests(draw: st.DrawFn) -> PlanRequest:
    """One to three riders, up to seven stops and four deliveries, often more than can be done."""
    riders = tuple(
        Rider(
            id=f"r{i}", start=Point(**draw(spots)), end=draw(st.none() | spots.map(lambda at: Point(**at))),
            capacity=draw(st.none() | st.integers(0, 6)), shift=draw(st.none() | st.just(window(0, 5000))),
        )
        for i in range(draw(st.integers(1, 3)))
    )
    stops = tuple(
        Stop(
            id=f"s{i}", **draw(spots), service_s=draw(st.integers(0, 300)), amount=draw(amounts), windows=draw(windows)
        )
        for i in range(draw(st.integers(0, 7)))
    )
    deliveries = tuple(
        Delivery(id=f"d{i}", pickup=draw(visits), dropoff=draw(visits), amount=draw(amounts))
        for i in range(draw(st.integers(0 if stops else 1, 4)))
    )
    return PlanRequest(riders=riders, stops=stops, deliveries=deliveries)


@given(requests())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_plan_breaks_a_rule_or_forgets_a_stop(request: PlanRequest) -> None:
    """Windows, capacities and shifts are kept, pick-ups come first, each task is served once or left with a reason."""

    async def both() -> tuple[list[str], Plan]:
        plan = await planned(request)
        return broken_rules(await question_of(request), plan), plan

    broken, plan = asyncio.run(both())
    assert ([], sorted(task.id for task in request.tasks)) == (broken, told_of(plan))
