"""What the watchers of an order and of a rider are told, in order and no more than that."""

from typing import Any

import pytest
import redis.asyncio as aioredis
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracking.watchers import START_MS, Scenery
from tracking.delivery import View
from tracking.messages import Fix
from tracking.store import TrackingStore


@pytest.fixture
def city(redis_client: aioredis.Redis, prefix: str) -> Scenery:
    """A process that watches, on the real store."""
    return Scenery(TrackingStore(redis_client, prefix))


def seen(messages: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The messages without what does not matter here."""
    return [(each["type"], each["rider"], each.get("lat"), each.get("precision")) for each in messages]


def test_a_fix_reaches_each_view_as_sharply_as_it_may(city: Scenery) -> None:
    """On the way to the shop: exact for staff and the vendor, rounded for the customer; at the door exact for all."""
    staff, vendor, customer = (city.order(view) for view in (View.FULL, View.SHOP, View.PUBLIC))
    city.change("ready", 2)
    city.move(41.14961, -8.61099)
    assert [("position", "r1", 41.14961, None)] == seen(staff.read()) == seen(vendor.read())
    assert [("position", "r1", 41.15, 3)] == seen(customer.read())
    city.change("picked_up", 3, picked_up_at_ms=city.now_ms + 1)
    city.move(41.15011, -8.61)
    assert [("position", "r1", 41.15011, None)] == seen(staff.read()) == seen(vendor.read()) == seen(customer.read())


def test_one_watcher_of_a_rider_gets_everything_the_phone_said(city: Scenery) -> None:
    """`rider:` is for staff and the rider: exact, with accuracy, speed and heading."""
    dispatcher = city.rider()
    fix = city.move(41.1, -8.6)
    expected = {
        "type": "position", "rider": "r1", "lat": 41.1, "lng": -8.6, "ts": fix.ts, "received": fix.received, "seq": 1,
        "accuracy": 4.0, "speed": 5.0, "heading": 90.0,
    }
    assert [expected] == dispatcher.read()


def test_an_older_fix_is_never_told_after_a_newer(city: Scenery) -> None:
    """Whatever way fixes come, "now" only moves forward."""
    dispatcher = city.rider()
    newer = city.move(41.1, -8.6)
    city.watch.fixes([Fix("r1", 40.0, -8.0, newer.ts - 1, newer.received + 5, 2)])
    assert [41.1] == [message["lat"] for message in dispatcher.read()]


def test_coarse_positions_are_samples_that_do_not_mark_borders(city: Scenery) -> None:
    """A changed square waits 3 s after the last sample, the same square 10 s, and asking does not help."""
    customer = city.order(View.PUBLIC)
    city.change("ready", 2)
    city.move(41.1001, -8.6)
    city.move(41.1101, -8.6)
    city.watch.scenes["o1"].show_waiting(city.now_ms)
    assert [41.1] == [message["lat"] for message in customer.read()]
    scene, newest = city.watch.scenes["o1"], city.watch.riders["r1"].newest
    assert 41.1 == (scene.position(View.PUBLIC, newest, city.now_ms) or {})["lat"]
    city.now_ms += 2000
    scene.show_waiting(city.now_ms)
    assert [41.11] == [message["lat"] for message in customer.read()]
    city.move(41.1102, -8.6, after_ms=9000)
    assert [] == customer.read()
    city.move(41.1103, -8.6, after_ms=1000)
    assert [41.11] == [message["lat"] for message in customer.read()]


def test_a_relieved_rider_is_taken_off_at_once(city: Scenery) -> None:
    """After re-assignment nothing of the old rider is told, not even what waited in a slow socket."""
    staff, customer = city.order(View.FULL), city.order(View.PUBLIC)
    city.change("ready", 2)
    city.move(41.1, -8.6)
    city.change("ready", 3, rider="r2", assigned_at_ms=city.now_ms)
    assert [("left", "r1", None, None)] == seen(staff.read()) == seen(customer.read())
    city.move(41.2, -8.6)
    assert [] == staff.read() + customer.read()
    city.move(41.3, -8.6, rider="r2")
    assert [("position", "r2", 41.3, None)] == seen(staff.read())
    assert [("position", "r2", 41.3, 3)] == seen(customer.read())


def test_an_order_that_ended_takes_its_rider_off(city: Scenery) -> None:
    """After delivery the watchers are told that the rider left, and no position again."""
    customer = city.order(View.PUBLIC)
    city.change("picked_up", 2, picked_up_at_ms=START_MS)
    city.move(41.1, -8.6)
    customer.read()
    city.change("delivered", 3, picked_up_at_ms=START_MS)
    city.move(41.2, -8.6)
    assert [("left", "r1", None, None)] == seen(customer.read())
    assert {} == city.watch.riders
    assert {} == city.subscribed


async def test_a_fix_from_before_the_window_is_in_no_state(city: Scenery) -> None:
    """Neither where the rider was before assignment, nor exactly where they were before pick-up."""
    city.rider()
    city.move(41.14961, -8.61099)
    city.order(View.PUBLIC)
    city.change("ready", 2, assigned_at_ms=city.now_ms + 1)
    assert "position" not in await city.watch.order_state("o1", View.PUBLIC)
    city.move(41.14961, -8.61099)
    city.change("picked_up", 3, assigned_at_ms=START_MS, picked_up_at_ms=city.now_ms + 1)
    position = (await city.watch.order_state("o1", View.PUBLIC))["position"]
    assert (41.15, -8.611, 3) == (position["lat"], position["lng"], position["precision"])


def test_an_older_revision_changes_nothing(city: Scenery) -> None:
    """News of an order may overtake each other; the newest revision stands."""
    customer = city.order(View.PUBLIC)
    city.change("delivered", 5)
    city.change("picked_up", 4, picked_up_at_ms=START_MS)
    city.move(41.1, -8.6)
    assert [] == customer.read()


def test_a_position_grown_old_is_called_stale_once(city: Scenery) -> None:
    """60 s after the last word the position is told again as stale; the next fix is fresh."""
    dispatcher, customer = city.rider(), city.order(View.PUBLIC)
    city.change("ready", 2)
    city.move(41.1, -8.6)
    dispatcher.read(), customer.read()
    city.now_ms += 60_001
    city.watch.age(city.now_ms)
    city.watch.age(city.now_ms + 5000)
    assert [True] == [message["stale"] for message in dispatcher.read()]
    assert [(True, 3)] == [(message["stale"], message["precision"]) for message in customer.read()]
    city.move(41.2, -8.6)
    assert [None] == [message.get("stale") for message in dispatcher.read()]


def test_a_step_of_the_order_does_not_make_an_old_position_look_fresh(city: Scenery) -> None:
    """The rider is silent and the order moves on: the position is still told as stale."""
    dispatcher = city.order(View.FULL)
    city.change("ready", 2)
    city.move(41.1, -8.6)
    city.now_ms += 60_001
    city.watch.age(city.now_ms)
    dispatcher.read()
    city.change("picked_up", 3, picked_up_at_ms=city.now_ms)
    assert True is dispatcher.read()[-1]["stale"]


def test_only_what_is_watched_is_asked_of_other_processes(city: Scenery) -> None:
    """Partitions are held by need: riders, orders and nobody."""
    assert {} == city.subscribed
    city.rider()
    city.order(View.PUBLIC)
    city.change("ready", 2)
    assert 1 == len(city.subscribed)
    city.watch.close_rider("r1")
    assert 1 == len(city.subscribed)
    city.watch.close_order("o1", View.PUBLIC)
    assert {} == city.subscribed


STATUSES = ["order_placed", "accepted", "ready", "picked_up", "arriving", "delivered", "cancelled"]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.sampled_from(["r1", "r2"]), st.floats(41.0, 41.1), st.floats(-8.7, -8.6)),
        st.tuples(st.just("change"), st.sampled_from(STATUSES), st.sampled_from(["", "r1", "r2"])),
        st.tuples(st.just("wait"), st.sampled_from([1000, 4000, 11_000, 61_000])),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=300)
@given(EVENTS, st.sampled_from(View))
async def test_what_an_orders_watcher_was_told_adds_up_to_its_state(events: list[Any], view: View) -> None:
    """Random rides and changes: the last word about the position is the state's, or `left` when it has none."""
    city = Scenery(TrackingStore(aioredis.Redis(), "unasked"))
    watcher, shown, rev = city.order(view), dict[str, Any](), 1
    for event in [("change", "order_placed", ""), *events, ("wait", 61_000), ("wait", 61_000)]:
        match event:
            case "move", rider, lat, lng:
                city.move(lat, lng, rider)
            case "change", status, rider:
                rev += 1
                times = {"assigned_at_ms": city.now_ms, "picked_up_at_ms": city.now_ms}
                city.change(status, rev, rider, **times)
            case "wait", ms:
                city.now_ms += ms
                city.watch.scenes["o1"].show_waiting(city.now_ms)
                city.watch.age(city.now_ms)
        for message in watcher.read():
            shown = {} if message["type"] == "left" else message
    scene = city.watch.scenes["o1"]
    rider = city.watch.riders.get(scene.rider)
    assert (scene.position(view, rider.newest if rider else None, city.now_ms) or {}) == shown
