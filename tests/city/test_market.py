"""The marketplace's play: orders take every step in the service's order, and a rider carries one order at a time."""

from collections import defaultdict

import numpy as np
import pytest

from city.market import Assigned, Event, Moved, OrderPlaced, Scenario, StatusReached
from city.streets import haversine_m
from tests.city.cities import CITIES, graph_of

STEPS = ["accepted", "preparing", "ready", "picked_up", "arriving", "delivered"]


def played(city: str, seconds: int, riders: int = 20, seed: int = 1) -> list[Event]:
    """All events of so many seconds."""
    scenario = Scenario(graph_of(city), riders=riders, seed=seed)
    return [event for _ in range(seconds) for event in scenario.advance(1.0)]


def test_the_same_seed_plays_the_same_hour() -> None:
    """Two scenarios of one seed give equal events; another seed gives others."""
    assert played("invented", 200) == played("invented", 200)
    assert played("invented", 200) != played("invented", 200, seed=2)


@pytest.mark.parametrize("city", CITIES)
def test_orders_go_through_every_step_in_order(city: str) -> None:
    """placed, accepted, preparing, ready, picked up, arriving, delivered: none skipped, by the right hand."""
    steps: dict[int, list[str]] = defaultdict(list)
    placed: set[int] = set()
    assigned: dict[int, str] = {}
    for event in played(city, 1800):
        match event:
            case OrderPlaced():
                placed.add(event.order)
            case Assigned():
                assert event.order in placed
                assert event.order not in assigned
                assigned[event.order] = event.rider
            case StatusReached():
                assert event.order in placed
                assert (event.by == "rider") == (STEPS.index(event.status) >= 3)
                assert event.by == "vendor" or event.order in assigned
                steps[event.order].append(event.status)
            case Moved():
                pass
    assert all(seen == STEPS[: len(seen)] for seen in steps.values())
    assert sum(seen == STEPS for seen in steps.values()) >= 5


def test_a_rider_carries_one_order_at_a_time() -> None:
    """A rider gets the next order only after the last was delivered."""
    carrying: dict[str, int] = {}
    holder: dict[int, str] = {}
    for event in played("invented", 1800):
        if isinstance(event, Assigned):
            assert event.rider not in carrying
            carrying[event.rider], holder[event.order] = event.order, event.rider
        elif isinstance(event, StatusReached) and event.status == "delivered":
            del carrying[holder[event.order]]


def test_there_is_soon_something_to_watch() -> None:
    """Within a minute and a half an order is on its way; within ten minutes one is delivered."""
    early = {event.status for event in played("invented", 90, riders=30) if isinstance(event, StatusReached)}
    assert "picked_up" in early
    later = {event.status for event in played("invented", 600, riders=30) if isinstance(event, StatusReached)}
    assert "delivered" in later


def test_riders_deliver_at_the_door_and_never_jump() -> None:
    """At delivery the rider's fixes are at the drop-off; no two fixes lie further apart than a scooter goes."""
    doors: dict[int, tuple[float, float]] = {}
    rider_of: dict[int, str] = {}
    last: dict[str, tuple[float, float, float]] = {}
    checked = 0
    for event in played("invented", 1500):
        match event:
            case OrderPlaced():
                doors[event.order] = (event.dropoff.lat, event.dropoff.lng)
            case Assigned():
                rider_of[event.order] = event.rider
            case StatusReached() if event.status == "delivered":
                at = last[rider_of[event.order]]
                assert float(haversine_m(*map(np.array, (*at[1:], *doors[event.order])))) < 120
                checked += 1
            case Moved():
                for sample in event.samples:
                    if event.rider in last:
                        at_s, lat, lng = last[event.rider]
                        gone_m = float(haversine_m(*map(np.array, (lat, lng, sample.lat, sample.lng))))
                        assert gone_m <= 25 * (sample.at_s - at_s) + 40
                    last[event.rider] = (sample.at_s, sample.lat, sample.lng)
            case _:
                pass
    assert checked >= 5
