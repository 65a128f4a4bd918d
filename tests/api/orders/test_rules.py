"""The status machine: what the contract allows happens, everything else is refused and changes nothing."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import Refused
from api.orders.order import Order, Spot, Status, TrackingEvent, new_id
from api.orders.rules import STEPS, apply_assignment, apply_step, check_assignment, check_step, log_item, next_steps
from api.rights import ENDED, Relation

STATUSES: tuple[Status, ...] = get_args(Status)
RELATIONS: tuple[Relation, ...] = get_args(Relation)
CHAIN: tuple[Status, ...] = (
    "order_placed", "accepted", "preparing", "ready", "picked_up", "arriving", "delivered"
)
START = datetime(2026, 1, 1, tzinfo=UTC)
SHOP, DOOR = Spot(lat=14.5995, lng=120.9842), Spot(lat=14.61, lng=120.99)


def new_order() -> Order:
    first = TrackingEvent(status="order_placed", timestamp=START, location=SHOP)
    return Order(
        id="o1", customer="c1", vendor="v1", pickup=SHOP, dropoff=DOOR, created_at=START, updated_at=START,
        tracking_events=(first,),
    )


def test_the_machine_is_the_contracts() -> None:
    """One way forward, and `cancelled` from any status before pick-up."""
    forward = set(pairwise(CHAIN))
    cancelling = {(status, "cancelled") for status in CHAIN[: CHAIN.index("picked_up")]}
    assert forward | cancelling == set(STEPS)


def test_ended_means_that_nothing_follows() -> None:
    """Exactly the ended statuses have no next step."""
    assert {status for status in STATUSES if not next_steps(status)} == ENDED


@pytest.mark.parametrize("status", STATUSES)
def test_staff_may_take_every_step_there_is(status: Status) -> None:
    """A dispatcher and an admin can always help out."""
    assert next_steps(status) == next_steps(status, "dispatcher") == next_steps(status, "admin")


@given(st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(RELATIONS)), max_size=40))
def test_a_random_history_stays_on_the_machine(attempts: list[tuple[Status, Relation]]) -> None:
    """Whatever is tried: refused steps change nothing, taken ones follow the table, revisions count."""
    order, now = new_order(), START
    for to, who in attempts:
        now += timedelta(seconds=1)
        refused = check_step(order, to, who)
        assert (refused is None) == (who in STEPS.get((order.status, to), ()))
        if refused is None:
            order = apply_step(order, to, now, None, None)
    walked = [event.status for event in order.tracking_events]
    assert all(step in STEPS for step in pairwise(walked))
    assert walked[-1] == order.status
    assert len(walked) == order.rev
    assert sorted(event.timestamp for event in order.tracking_events) == [e.timestamp for e in order.tracking_events]


def test_a_refused_step_names_those_open() -> None:
    """409 tells what could be done instead."""
    refused = check_step(new_order(), "delivered", "admin")
    assert isinstance(refused, Refused)
    assert ("illegal_step", ("accepted", "cancelled")) == (refused.code, refused.allowed)


@pytest.mark.parametrize(
    ("status", "who", "open_steps"),
    [
        ("order_placed", "vendor", ("accepted", "cancelled")), ("order_placed", "customer", ("cancelled",)),
        ("order_placed", "rider", ()), ("ready", "vendor", ("cancelled",)), ("ready", "rider", ("picked_up",)),
        ("picked_up", "customer", ()), ("picked_up", "vendor", ()), ("arriving", "rider", ("delivered",)),
        ("order_placed", "guest", ()), ("order_placed", "self", ()),
    ],
)
def test_each_party_takes_its_own_steps(status: Status, who: Relation, open_steps: tuple[Status, ...]) -> None:
    """Vendors prepare, riders carry, customers may change their mind until pick-up."""
    assert open_steps == next_steps(status, who)


def test_where_an_event_happened() -> None:
    """Until pick-up the shop, from then on the rider; a rider's way before pick-up is in no event."""
    rider_at = Spot(lat=1, lng=2)
    order = apply_assignment(new_order(), "r1", START)
    for status in CHAIN[1:]:
        order = apply_step(order, status, START, None, rider_at)
    expected = [SHOP, SHOP, SHOP, SHOP, rider_at, rider_at, rider_at]
    assert expected == [event.location for event in order.tracking_events]


def test_a_new_rider_relieves_the_one_before() -> None:
    """Each rider's time with the order is kept; assigning the same one again changes nothing."""
    first = apply_assignment(new_order(), "r1", START)
    later = START + timedelta(minutes=5)
    assert first == apply_assignment(first, "r1", later)
    second = apply_assignment(first, "r2", later)
    assert [("r1", START, later), ("r2", later, None)] == [(leg.rider, leg.since, leg.until) for leg in second.legs]
    assert ("r2", first.rev + 1) == (second.rider, second.rev)


def test_the_end_ends_the_riders_time_and_assignment() -> None:
    """No rider holds an ended order, and nobody is assigned to one."""
    later = START + timedelta(minutes=1)
    order = apply_step(apply_assignment(new_order(), "r1", START), "cancelled", later, "sold out", None)
    assert later == order.legs[-1].until
    assert check_assignment(order) is not None


def test_the_log_item_says_what_the_contract_says() -> None:
    """Channels carry order, status, rev, ts, by, and rider and note where there are any."""
    order = apply_step(apply_assignment(new_order(), "r1", START), "accepted", START, "soon", None)
    expected = {
        "type": "order", "order": "o1", "status": "accepted", "rev": 3, "ts": 1767225600000, "by": "v1", "rider": "r1",
        "note": "soon",
    }
    assert expected == log_item(order, "v1", "soon")


@given(st.lists(st.tuples(st.integers(1_600_000_000_000, 2_600_000_000_000), st.integers(0, 2**30 - 1)), unique=True))
def test_ids_sort_as_the_orders_were_placed(moments: list[tuple[int, int]]) -> None:
    """A later order has a greater id of the same length, and no two are the same."""
    ids = [new_id(at, random) for at, random in sorted(moments)]
    assert sorted(ids) == ids
    assert len(set(ids)) == len(ids)
    assert {15} >= {len(each) for each in ids}
