"""Fences end to end: drawn over HTTP, watched by a worker, told on sockets; real servers and real riders."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
import redis.asyncio as aioredis

from api.geofences.store import TOPIC
from api.geofences.watch import watch_fences
from client.reconnect import Ridewire
from infra.clients import Database
from infra.settings import Settings
from tests.api.serving import DOOR, Person, Service
from tests.ending import cancelled
from tests.waiting import until
from tracking import keys

LAT, LNG = 14.6, 121.0
STEP_DEG = 0.0002  # about 21 m
START_MS = round((time.time() - 900) * 1000)


def circle(radius_m: float = 150, lng: float = LNG, **properties: Any) -> dict[str, Any]:
    """A Feature around the place."""
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lng, LAT]},
            "properties": {"name": "Market", "radius_m": radius_m} | properties}


@pytest.fixture
async def worker(
    service: Service, settings: Settings, redis_client: aioredis.Redis, database: Database
) -> AsyncIterator[None]:
    """A worker that watches fences."""
    task = asyncio.create_task(watch_fences(redis_client, database, settings.redis_url, settings.key_prefix))
    await until(lambda: redis_client.exists(keys.fence_lease(settings.key_prefix)))
    yield
    await cancelled(task, forgive=BaseExceptionGroup)


async def ride(service: Service, rider: str, steps: range, seq: int = 1) -> None:
    """Ride east past the place, a point each 5 s, and wait until all are stored."""
    points = [
        {"seq": seq + at, "ts": START_MS + 5000 * (seq + at), "lat": LAT, "lng": LNG + STEP_DEG * step, "accuracy": 5}
        for at, step in enumerate(steps)
    ]
    async with service.person("rider", rider).socket("phone") as socket:
        ack = await socket.report(points)
        assert [] == ack["rejected"]


async def draw(person: Person, feature: dict[str, Any]) -> str:
    """A new fence; its id."""
    answer = await person.post("/api/geofences", feature)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["id"])


async def alerts(socket: Ridewire, rider: str) -> list[dict[str, Any]]:
    """The next two fence alerts about the rider."""
    def is_theirs(push: dict[str, Any]) -> bool:
        return bool(push["type"] == "geofence" and push["rider"] == rider)

    return [dict(await socket.inbox.wait_for(is_theirs)) for _ in range(2)]


async def test_a_ride_through_a_fence_is_told_to_staff(service: Service, worker: None) -> None:
    """`ops` and the rider's channel hear of enter and exit with the time at the edge; REST has them newest first."""
    staff = service.person("dispatcher", "d1")
    async with staff.socket() as socket, service.person("rider", "r1").socket() as own:
        await socket.subscribe("ops")
        await own.subscribe("rider:r1")
        fence = await draw(staff, circle())
        await asyncio.wait_for(_watched(service, fence), 10)
        await ride(service, "r1", range(-20, 21))
        for channel, told in (("ops", await alerts(socket, "r1")), ("rider:r1", await alerts(own, "r1"))):
            assert (channel, channel) == tuple(each["channel"] for each in told)
            assert told[1]["offset"] > told[0]["offset"] > 0
            assert ["enter", "exit"] == [each["kind"] for each in told]
            assert {(fence, "Market", False)} == {(each["fence"], each["name"], each["late"]) for each in told}
            in_at, out_at = (each["ts"] - START_MS for each in told)
            assert (True, True) == (5000 * 13 < in_at < 5000 * 15, 5000 * 27 < out_at < 5000 * 29)
    page = (await staff.get(f"/api/geofences/{fence}/events")).json()
    assert ["exit", "enter"] == [event["kind"] for event in page["items"] if event["rider"] == "r1"]


async def _watched(service: Service, fence: str) -> None:
    """A fence counts within a second; a ride of the past would be judged before that."""
    staff = service.person("admin", "a1")

    async def told() -> bool:
        return bool((await staff.get(f"/api/geofences/{fence}/events")).json()["items"])

    for probe in count():
        await ride(service, f"probe{probe}", range(-20, 21))
        with suppress(AssertionError):
            await until(told, within_s=1)
            return


async def test_who_carries_an_order_is_told_to_its_channel(service: Service, worker: None) -> None:
    """From pick-up on the customer hears of the fences their rider meets; before it they do not."""
    staff, customer = service.person("admin", "a1"), service.person("customer", "c1")
    order_id = await service.order(rider="r1")
    fence = await draw(staff, circle())
    await _watched(service, fence)
    async with customer.socket() as socket, staff.socket() as ops:
        await ops.subscribe("ops")
        await socket.subscribe(f"order:{order_id}")
        await ride(service, "r1", range(-20, 21))
        await ops.inbox.wait_for(lambda push: push.get("kind") == "exit" and push.get("rider") == "r1")
        await staff.steps(order_id, "accepted", "preparing", "ready", "picked_up")
        await ride(service, "r1", range(20, -21, -1), seq=100)
        told = await alerts(socket, "r1")
        assert [("enter", order_id), ("exit", order_id)] == [(each["kind"], each["order"]) for each in told]
        assert all(each["ts"] > START_MS + 100 * 5000 for each in told)
        assert ([f"order:{order_id}"] * 2, 1) == (
            [each["channel"] for each in told], told[1]["offset"] - told[0]["offset"]
        )


async def test_every_edit_is_told_to_whoever_watches_ops(service: Service) -> None:
    """Drawn, changed, deleted: each time other dispatchers hear which fence to read again."""
    staff = service.person("dispatcher", "d1")
    async with service.person("dispatcher", "d2").socket() as socket:
        await socket.subscribe("ops")
        assert await service.app.world.relay.ready(TOPIC)

        async def told() -> str:
            push = await socket.inbox.wait_for(lambda push: push["type"] == "fence.changed")
            return str(push["fence"])

        fence = await draw(staff, circle())
        assert fence == await told()
        await staff.http.put(f"/api/geofences/{fence}", json=circle(name="Round"))
        assert fence == await told()
        await staff.http.delete(f"/api/geofences/{fence}")
        assert fence == await told()


async def test_fences_are_read_changed_and_deleted(service: Service) -> None:
    """What was drawn comes back with its id; changes keep it; deleted is gone. A repair is said."""
    staff = service.person("dispatcher", "d1")
    bow = [[121.0, 14.6], [121.01, 14.61], [121.01, 14.6], [121.0, 14.61], [121.0, 14.6]]
    drawn = await staff.post("/api/geofences", {
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [bow]}, "properties": {"name": "Bow"},
    })
    assert (201, True) == (drawn.status_code, "untangled" in drawn.json()["repairs"][0])
    fence = drawn.json()["id"]
    assert drawn.json() == (await staff.get(drawn.headers["Location"])).json()
    changed = await staff.http.put(f"/api/geofences/{fence}", json=circle(name="Round"))
    assert (200, fence, "Round") == (
        changed.status_code, changed.json()["id"], changed.json()["properties"]["name"]
    )
    listed = (await staff.get("/api/geofences")).json()
    assert ("FeatureCollection", [fence]) == (listed["type"], [each["id"] for each in listed["features"]])
    assert 204 == (await staff.delete(f"/api/geofences/{fence}")).status_code
    for answer in (await staff.get(f"/api/geofences/{fence}"), await staff.delete(f"/api/geofences/{fence}")):
        assert 404 == answer.status_code


async def test_what_is_no_fence_is_refused(service: Service) -> None:
    """400 names the part at fault; only staff may draw or read."""
    staff = service.person("dispatcher", "d1")
    wrong = circle()
    del wrong["properties"]["radius_m"]
    answer = await staff.post("/api/geofences", wrong)
    assert (400, "properties.radius_m") == (answer.status_code, answer.json()["field"])
    for role in ("rider", "customer", "vendor"):
        person = service.person(role, "x")
        assert 403 == (await person.post("/api/geofences", circle())).status_code
        assert 403 == (await person.get("/api/geofences")).status_code


async def test_a_list_goes_on_page_by_page(service: Service) -> None:
    """`next` leads through all fences."""
    staff = service.person("dispatcher", "d1")
    drawn = sorted([await draw(staff, circle()) for _ in range(5)])
    found, after = [], ""
    while after is not None:
        page = (await staff.get(f"/api/geofences?limit=2{after and '&after=' + after}")).json()
        found += [feature["id"] for feature in page["features"]]
        after = page["next"]
    assert drawn == found


async def test_an_order_arrives_by_itself(service: Service, worker: None) -> None:
    """Near, arriving and door are told to the order's channel, each once, and arriving becomes its status."""
    staff, customer = service.person("admin", "a1"), service.person("customer", "c1")
    order_id = await service.order(rider="r1")
    await staff.steps(order_id, "accepted", "preparing", "ready", "picked_up")
    async with customer.socket() as socket, service.person("rider", "r1").socket("phone") as phone:
        await socket.subscribe(f"order:{order_id}")
        for seq, away_deg in enumerate((0.008, 0.006, 0.004, 0.0015, 0.0008, 0.0006, 0.0003, 0.0001), start=1):
            ts = round(time.time() * 1000) - 8000 + 1000 * seq
            await phone.report([{"seq": seq, "ts": ts + 8000, "lat": DOOR["lat"] - away_deg, "lng": DOOR["lng"]}])
        told = [await socket.inbox.wait_for(lambda push: push["type"] == "geofence") for _ in range(3)]
        assert ["dropoff:near", "dropoff:arriving", "dropoff:door"] == [each["fence"] for each in told]
        assert {(DOOR["lat"], order_id)} == {(each["lat"], each["order"]) for each in told}

    async def is_arriving() -> bool:
        return bool((await staff.get(f"/api/orders/{order_id}")).json()["status"] == "arriving")

    await until(is_arriving)
