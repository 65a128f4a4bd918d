"""Arrival times as people see them: in the snapshot, on the socket, sharper after pick-up, and by what was learned."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from redis.asyncio import Redis

from api.arrivals.lesson import gather, teach
from api.orders.desk import utc_now
from api.orders.order import Order, TrackingEvent, to_ms
from api.orders.order import Spot as Place
from api.planning.travel import DETOUR
from city.invented import town
from city.places import Route, SnappedPoint, Spot
from city.routing.way import Way, evenly
from client.reconnect import Ridewire
from geo.point import moved
from infra.clients import Database
from infra.settings import Settings
from tests.api.serving import CHAIN, Service, serving
from tests.city.cities import graph_of
from tests.tracking.eta.trips import left, make_trips
from tests.waiting import until
from tracking import keys
from tracking.eta.store import EtaStore
from tracking.persister import Persister


class Plain:
    """A router for the plain that the made-up trips cross."""

    name = "plain"

    async def way(self, start: tuple[float, float], end: tuple[float, float]) -> Way | None:
        """Free flow, whatever is between."""
        static_s, metres = left(*start, *end)
        return evenly(np.array([start[0], end[0]]), np.array([start[1], end[1]]), metres, static_s)


@pytest.fixture(scope="session")
def town_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented town's streets as `ridewire city build` leaves them."""
    directory: Path = tmp_path_factory.mktemp("town")
    town.graph().save(directory)
    return directory


@pytest.fixture
async def streets(settings: Settings, town_dir: Path, database: object) -> AsyncIterator[Service]:
    """A process that knows the town."""
    async with serving(msgspec.structs.replace(settings, city_dir=str(town_dir))) as process:
        yield process


def places() -> tuple[Spot, Spot, Spot]:
    """A rider's place, a shop and a door, all on streets that lead to each other."""
    graph = graph_of("invented")
    south, west, north, east = graph.box
    found = []
    for share in (0.4, 0.5, 0.62):
        at = graph.snap(south + (north - south) * share, west + (east - west) * share, 2000)
        assert isinstance(at, SnappedPoint)
        found.append(Spot(at.lat, at.lng))
    return found[0], found[1], found[2]


async def order_in_town(service: Service, rider: str) -> str:
    """An order from the shop to the door, given to the rider; its id."""
    _, shop, door = places()
    admin = service.person("admin", "a1")
    body = {"customer_id": "c1", "vendor_id": "v1", "pickup": shop._asdict(), "dropoff": door._asdict()}
    order_id = str((await admin.post("/api/orders", body)).json()["id"])
    assert 200 == (await admin.post(f"/api/orders/{order_id}/assign", {"rider_id": rider})).status_code
    return order_id


async def stand(session: Ridewire, at: Spot, now_ms: int, seq: int) -> None:
    """The rider's phone says where it is."""
    await session.report([{"seq": seq, "ts": now_ms, "lat": at.lat, "lng": at.lng, "accuracy": 5.0}])


async def snapshot(service: Service, order_id: str, role: Any = "customer", sub: str = "c1") -> dict[str, Any]:
    """The order as REST tells it to somebody."""
    answer = await service.person(role, sub).get(f"/api/orders/{order_id}/tracking")
    assert 200 == answer.status_code, answer.text
    return dict(answer.json())


async def test_a_customer_is_told_when_the_rider_comes_and_sharper_after_pick_up(streets: Service) -> None:
    """On the way to the shop whole minutes and half kilometres, from the shop to the second; staff always sharp."""
    start, shop, _ = places()
    order_id = await order_in_town(streets, "r1")
    async with streets.person("rider", "r1").socket("phone") as phone:
        await stand(phone, start, streets.app.world.watch.now_ms(), 0)
        before = (await snapshot(streets, order_id))["eta"]
        assert (1, "route", order_id) == (before["stops_before"], before["basis"], before["order"])
        assert [0] * 5 == [before[name] % 60_000 for name in ("at", "earliest", "latest", "pickup_at")] + [
            before["distance_m"] % 500
        ]
        assert before["earliest"] <= before["at"] <= before["latest"]
        sharp = (await snapshot(streets, order_id, "dispatcher", "d1"))["eta"]
        assert abs(sharp["at"] - before["at"]) <= 30_000
        assert sharp["pickup_at"] < sharp["at"]
        await streets.person("admin", "a1").steps(order_id, "accepted", "preparing", "ready", "picked_up")
        await stand(phone, shop, streets.app.world.watch.now_ms(), 1)
        after = (await snapshot(streets, order_id))["eta"]
    assert 0 == after["stops_before"]
    assert "pickup_at" not in after
    assert after["distance_m"] < sharp["distance_m"]


async def test_an_arrival_time_is_pushed_as_the_rider_moves(streets: Service) -> None:
    """Who watches an order gets its `eta` on the order's channel, at once when there was none."""
    start, _, _ = places()
    order_id = await order_in_town(streets, "r1")
    heard: list[dict[str, Any]] = []
    async with streets.person("customer", "c1").socket() as customer, streets.person("rider", "r1").socket() as phone:
        joined = await customer.subscribe(f"order:{order_id}")
        assert "eta" not in joined["state"]
        await stand(phone, start, streets.app.world.watch.now_ms(), 0)
        async for push in customer:
            heard.append(push)
            if push["type"] == "eta":
                break
        again = await customer.subscribe(f"order:{order_id}")
    named = {"channel", "order", "at", "earliest", "latest", "distance_m", "stops_before", "basis", "rev"}
    assert named <= set(heard[-1])
    assert (f"order:{order_id}", order_id) == (heard[-1]["channel"], heard[-1]["order"])
    assert heard[-1]["rev"] == again["state"]["eta"]["rev"]


async def test_an_order_behind_another_one_comes_later(streets: Service) -> None:
    """The stops of the rider's other order come in between: counted, driven to and waited at."""
    start, shop, door = places()
    admin = streets.person("admin", "a1")
    ids = []
    for way in ((start, shop), (start, door)):
        pickup, dropoff = (spot._asdict() for spot in way)
        body = {"customer_id": "c1", "vendor_id": "v1", "pickup": pickup, "dropoff": dropoff}
        ids.append(str((await admin.post("/api/orders", body)).json()["id"]))
        await admin.post(f"/api/orders/{ids[-1]}/assign", {"rider_id": "r1"})
        await admin.steps(ids[-1], "accepted", "preparing", "ready", "picked_up")
    async with streets.person("rider", "r1").socket("phone") as phone:
        await stand(phone, start, streets.app.world.watch.now_ms(), 0)
        near, far = [(await snapshot(streets, each, "dispatcher", "d1"))["eta"] for each in ids]
    assert (0, 1) == (near["stops_before"], far["stops_before"])
    assert far["at"] - near["at"] > 120_000
    assert far["distance_m"] > near["distance_m"]


async def test_without_streets_it_is_the_straight_line_and_says_so(service: Service) -> None:
    """Where nobody knows a route, the basis is `straight` and the window wide."""
    order_id = await order_in_town(service, "r1")
    async with service.person("rider", "r1").socket("phone") as phone:
        await stand(phone, places()[0], service.app.world.watch.now_ms(), 0)
        found = (await snapshot(service, order_id))["eta"]
    assert "straight" == found["basis"]
    assert found["latest"] > found["at"] > found["earliest"]


async def test_an_order_nobody_carries_has_no_arrival_time(streets: Service) -> None:
    """Neither before a rider is assigned, nor before one has been seen, nor after the end."""
    admin = streets.person("admin", "a1")
    unassigned = await streets.order()
    assert (await snapshot(streets, unassigned))["eta"] is None
    order_id = await order_in_town(streets, "r1")
    assert (await snapshot(streets, order_id))["eta"] is None
    async with streets.person("rider", "r1").socket("phone") as phone:
        await stand(phone, places()[0], streets.app.world.watch.now_ms(), 0)
        assert (await snapshot(streets, order_id))["eta"] is not None
        await admin.steps(order_id, *CHAIN)
    assert (await snapshot(streets, order_id))["eta"] is None


async def test_what_was_learned_answers_once_it_has_passed(streets: Service, database: Database) -> None:
    """A lesson of kept trips makes a model; the running process takes it, says `learned`, and plans by its detour."""
    store = EtaStore(database)
    for trip in make_trips(300):
        await store.add(trip, trip.id)
    lesson = await teach(database, Plain())
    assert (300, 1, True) == (lesson.trips, lesson.version, lesson.accepted), lesson.said
    await streets.app.world.arrivals.take_model()
    assert DETOUR != streets.app.world.travel.detour
    order_id = await order_in_town(streets, "r1")
    async with streets.person("rider", "r1").socket("phone") as phone:
        await stand(phone, places()[0], streets.app.world.watch.now_ms(), 0)
        assert "learned" == (await snapshot(streets, order_id))["eta"]["basis"]


async def test_a_damaged_model_changes_nothing(streets: Service, database: Database) -> None:
    """A stored model that cannot be read is passed over; answers go on as before."""
    await database.get_collection("eta_models").insert_one({"_id": 1, "accepted": True, "model": b"no model"})
    await streets.app.world.arrivals.take_model()
    assert streets.app.world.arrivals.etas.model is None


async def is_empty(redis: Redis, prefix: str) -> bool:
    """Whether every point has gone on to MongoDB."""
    return await redis.xlen(keys.stream(prefix)) == 0


async def test_a_finished_delivery_becomes_a_trip_once(
    streets: Service, database: Database, redis_client: Redis, prefix: str
) -> None:
    """What the rider drove from pick-up to the door is kept, and looked at only once."""
    now = utc_now()
    began = now - timedelta(minutes=10)
    shop, door = (41.15, -8.61), moved(41.15, -8.61, 90.0, 3000)
    order = Order(
        id="o1", customer="c1", vendor="v1", rider="r1", status="delivered", created_at=began, updated_at=now,
        pickup=Place(lat=shop[0], lng=shop[1]), dropoff=Place(lat=door[0], lng=door[1]),
        tracking_events=(
            TrackingEvent(status="picked_up", timestamp=began), TrackingEvent(status="delivered", timestamp=now)
        ),
    )
    await streets.app.world.orders.insert(order, ())
    began_ms = to_ms(began)
    points = [(began_ms + step * 10_000, *moved(*shop, 90.0, min(step * 100.0, 3000))) for step in range(40)]
    async with streets.person("rider", "r1").socket("phone") as phone:
        await phone.report([{"seq": n, "ts": ts, "lat": lat, "lng": lng} for n, (ts, lat, lng) in enumerate(points)])
    stop = asyncio.Event()
    persisting = asyncio.create_task(Persister(redis_client, database, prefix, linger_s=0.0).run(stop))
    await until(lambda: is_empty(redis_client, prefix))
    stop.set()
    await persisting
    assert (1, 0) == (await gather(database), await gather(database))
    (trip,) = await EtaStore(database).trips()
    assert "o1" == trip.id
    assert pytest.approx(300.0) == trip.last_s - trip.first_s


async def test_a_track_is_told_as_reported_and_as_driven(
    streets: Service, database: Database, redis_client: Redis, prefix: str
) -> None:
    """`snapped=true` adds the streets to the points, labelled; the points stay as they came. Only as GeoJSON."""
    start, shop, _ = places()
    graph = graph_of("invented")
    route = graph.route(start, shop)
    assert isinstance(route, Route)
    order_id = await order_in_town(streets, "r1")
    admin = streets.person("admin", "a1")
    await admin.steps(order_id, "accepted", "preparing", "ready", "picked_up")
    begin_ms = streets.app.world.watch.now_ms() + 100
    points = [
        {"seq": n, "ts": begin_ms + 500 * n, "lat": lat + 0.00003, "lng": lng, "accuracy": 8.0}
        for n, (lat, lng) in enumerate(route.points[:8])
    ]
    async with streets.person("rider", "r1").socket("phone") as phone:
        assert [] == (await phone.report(points))["rejected"]
    stop = asyncio.Event()
    persisting = asyncio.create_task(Persister(redis_client, database, prefix, linger_s=0.0).run(stop))
    await until(lambda: is_empty(redis_client, prefix))
    stop.set()
    await persisting
    await until(lambda: streets.app.world.watch.now_ms() > points[-1]["ts"])
    found = (await admin.get(f"/api/orders/{order_id}/track?snapped=true")).json()
    raw, snapped = found["features"]
    assert ("FeatureCollection", "raw", "snapped") == (
        found["type"], raw["properties"]["kind"], snapped["properties"]["kind"]
    )
    assert [[point["lng"], point["lat"]] for point in points] == raw["geometry"]["coordinates"]
    assert (len(points), len(points)) == (snapped["properties"]["matched"], len(snapped["properties"]["places"]))
    assert "MultiLineString" == snapped["geometry"]["type"]
    assert max(snapped["properties"]["off_m"]) < 10
    assert 400 == (await admin.get(f"/api/orders/{order_id}/track?snapped=true&format=gpx")).status_code


async def test_a_delivery_without_a_way_teaches_nothing(streets: Service, database: Database) -> None:
    """It is looked at once as well, and is no trip."""
    order_id = await order_in_town(streets, "r1")
    await streets.person("admin", "a1").steps(order_id, *CHAIN)
    assert (1, 0) == (await gather(database), await gather(database))
    assert [] == await EtaStore(database).trips()
