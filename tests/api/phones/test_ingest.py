"""Phone apps send for a rider: one address, the same path as any report, each place once, a key that can be ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from api.orders.desk import utc_now
from api.phones.intake import PACE
from api.phones.store import DeviceStore, digest_of
from infra.clients import Database
from infra.embedded.ports import free_port
from infra.embedded.valkey import Valkey
from infra.settings import Settings
from tests.api.serving import Person, Service, asking, serving
from tests.waiting import until


@pytest.fixture
async def rider(service: Service) -> Person:
    return service.person("rider", "r1")


async def new_phone(person: Person, **body: Any) -> dict[str, Any]:
    answer = await person.post("/api/devices", body)
    assert 201 == answer.status_code, answer.text
    return dict(answer.json())


@pytest.fixture
async def phone(service: Service, rider: Person) -> AsyncIterator[httpx.AsyncClient]:
    """An app with the address typed in, and nothing else: no token, no header of ours."""
    made = await new_phone(rider, name="Ana's Android")
    address = f"{service.url}/api/ingest/{made['key']}"
    assert f"https://track.example/api/ingest/{made['key']}" == made["url"]
    async with asking(address) as app:
        yield app


def seconds_ago(seconds: int) -> int:
    return int(time.time()) - seconds


def owntracks(tst: int, lat: float = 14.6, **more: Any) -> dict[str, Any]:
    said = {"_type": "location", "lat": lat, "lon": 120.98, "tst": tst, "acc": 5, "vel": 18, "batt": 60, "tid": "an"}
    return said | more


def overland(*times: int, lat: float = 14.6) -> dict[str, Any]:
    stamps = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in times]
    return {"locations": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [120.98, lat]},
         "properties": {"timestamp": stamp, "horizontal_accuracy": 5, "speed": 2, "battery_level": 0.5}}
        for stamp in stamps
    ]}


async def test_a_place_from_an_app_is_seen_on_the_socket_at_once(
    service: Service, rider: Person, phone: httpx.AsyncClient
) -> None:
    """A dispatcher who watches the rider sees the marker move, as with our own app."""
    boss = service.person("dispatcher", "d1")
    async with boss.socket() as socket:
        await socket.subscribe("rider:r1")
        at = seconds_ago(5)
        answer = await phone.get("", params={
            "id": "1", "lat": "14.5995", "lon": "120.9842", "timestamp": at, "speed": "19.44", "bearing": "90",
            "accuracy": "4", "batt": "81",
        })
        assert (200, 1) == (answer.status_code, answer.json()["stored"])
        seen = await socket.inbox.wait_for(lambda push: push["type"] == "position", within_s=10)
    assert (14.5995, 120.9842, at * 1000, 90.0, 10.0) == (
        seen["lat"], seen["lng"], seen["ts"], seen["heading"], round(seen["speed"], 1)
    )
    now = (await rider.get("/api/riders/r1")).json()
    assert (True, 14.5995) == (now["online"], now["position"]["lat"])


async def test_each_app_is_answered_as_it_expects(phone: httpx.AsyncClient) -> None:
    """Traccar 200, OwnTracks an empty list, Overland its result, and GET and POST alike."""
    base = seconds_ago(60)
    form = await phone.post("", data={"id": "1", "lat": "14.6", "lon": "120.98", "timestamp": str(base)})
    assert (200, "fields", 1) == (form.status_code, form.json()["form"], form.json()["stored"])
    own = await phone.post("", json=owntracks(base + 1), headers={"X-Limit-U": "ana", "X-Limit-D": "phone"})
    assert (200, []) == (own.status_code, own.json())
    batch = await phone.post("", json=overland(base + 2, base + 3))
    assert (200, {"result": "ok"}) == (batch.status_code, batch.json())
    empty = await phone.post("", headers={"X-Limit-U": "ana", "Content-Type": "application/json"})
    assert (200, []) == (empty.status_code, empty.json())
    heartbeat = await phone.get("", params={"id": "1", "timestamp": base})
    assert (200, 0) == (heartbeat.status_code, heartbeat.json()["stored"])


async def test_the_same_place_again_is_a_duplicate_whatever_its_form(phone: httpx.AsyncClient) -> None:
    """A retry, a re-upload and the same second in another app's form store nothing."""
    base = seconds_ago(600)
    times = [base + step for step in range(0, 600, 2)]
    first = await phone.post("", json=overland(*times))
    again = await phone.post("", json=overland(*reversed(times)))
    assert [200, 200] == [first.status_code, again.status_code]
    single = (await phone.get("", params={"lat": "14.6", "lon": "120.98", "timestamp": base})).json()
    assert (0, 1) == (single["stored"], single["duplicates"])
    fresh = (await phone.get("", params={"lat": "14.6", "lon": "120.98", "timestamp": base + 1})).json()
    assert (1, 0) == (fresh["stored"], fresh["duplicates"])


async def test_parallel_retries_of_one_place_store_it_once(phone: httpx.AsyncClient) -> None:
    """Ten requests with one place at the same moment: one stores, nine are duplicates."""
    at = seconds_ago(10)
    body = {"lat": "14.6", "lon": "120.98", "timestamp": str(at)}
    answers = [each.json() for each in await asyncio.gather(*(phone.post("", data=body) for _ in range(10)))]
    assert (1, 9) == (sum(each["stored"] for each in answers), sum(each["duplicates"] for each in answers))


async def test_what_does_not_count_is_answered_200_with_its_reason(phone: httpx.AsyncClient) -> None:
    """Too old, in the future, off the globe, vague: the app must forget it, or nothing after it would come."""
    wrong = {
        "too_old": {"timestamp": "1600000000"}, "future": {"timestamp": str(seconds_ago(-7200))},
        "range": {"lat": "99"}, "vague": {"accuracy": "5000"},
    }
    for reason, change in wrong.items():
        answer = await phone.get("", params={"lat": "14.6", "lon": "120.98", "timestamp": str(seconds_ago(5))} | change)
        assert (200, [reason]) == (answer.status_code, [each["reason"] for each in answer.json()["refused"]])


async def test_an_impossible_leap_is_refused_like_from_any_phone(phone: httpx.AsyncClient) -> None:
    """The rules are those of location.report."""
    now = seconds_ago(60)
    await phone.post("", json=owntracks(now))
    leap = await phone.get("", params={"lat": "15.6", "lon": "120.98", "timestamp": now + 5})
    assert [{"ts": (now + 5) * 1000, "reason": "impossible_speed"}] == leap.json()["refused"]


@pytest.mark.parametrize("content", [b"{", b'{"colour":"red"}', b"colour=red", b"", b'{"_type":"encrypted"}'])
async def test_what_cannot_be_understood_is_a_clear_400(phone: httpx.AsyncClient, content: bytes) -> None:
    """A problem document with a sentence, and nothing is stored."""
    answer = await phone.post("", content=content)
    assert (400, "bad_request") == (answer.status_code, answer.json()["code"])


async def test_a_revoked_or_invented_key_opens_nothing(service: Service, rider: Person) -> None:
    """404 for both, at once, and no word of whose it was; the rider's other phone goes on."""
    lost, kept = await new_phone(rider, name="lost"), await new_phone(rider, name="kept")
    query = f"?lat=14.6&lon=120.98&timestamp={seconds_ago(5)}"
    assert 204 == (await rider.delete(f"/api/devices/{lost['id']}")).status_code
    async with asking(service.url) as app:
        statuses = [(await app.get(f"/api/ingest/{key}{query}")).status_code
                    for key in (lost["key"], "rwd_invented", "x" * 200, kept["key"])]
    assert [404, 404, 404, 200] == statuses
    listed = (await rider.get("/api/devices")).json()["items"]
    assert ["kept"] == [each["name"] for each in listed]
    assert "key" not in listed[0]


async def test_the_key_writes_and_reads_nothing(service: Service, rider: Person) -> None:
    """As a bearer token it is no token."""
    key = (await new_phone(rider))["key"]
    assert 401 == (await service.someone(key).get("/api/devices")).status_code


async def test_riders_keep_their_own_phones_and_admins_those_of_all(service: Service, rider: Person) -> None:
    """Nobody makes, sees or ends a key of somebody else's."""
    admin, other = service.person("admin", "a1"), service.person("rider", "r2")
    made = await new_phone(admin, rider_id="r1", name="from the office")
    assert ["from the office"] == [each["name"] for each in (await rider.get("/api/devices")).json()["items"]]
    denied = [
        await other.post("/api/devices", {"rider_id": "r1"}), await other.get("/api/devices?rider_id=r1"),
        await service.person("customer", "c1").post("/api/devices", {"rider_id": "r1"}),
        await service.person("dispatcher", "d1").post("/api/devices", {"rider_id": "r1"}),
        await other.delete(f"/api/devices/{made['id']}"), await admin.post("/api/devices", {}),
    ]
    assert [403, 403, 403, 403, 404, 400] == [answer.status_code for answer in denied]
    assert 204 == (await admin.delete(f"/api/devices/{made['id']}")).status_code


async def test_the_key_is_kept_as_a_hash(rider: Person, database: Database) -> None:
    """What stands in MongoDB opens nothing."""
    key = (await new_phone(rider))["key"]
    stored = await database.devices.find_one({"digest": digest_of(key)})
    assert stored is not None
    assert key not in str(stored)


async def test_a_rider_has_a_bounded_number_of_phones(rider: Person) -> None:
    """The eleventh is refused."""
    statuses = [(await rider.post("/api/devices", {})).status_code for _ in range(11)]
    assert [201] * 10 + [409] == statuses


async def test_a_phone_that_floods_is_told_to_wait_and_others_are_not(service: Service, rider: Person) -> None:
    """503 with Retry-After: a 4xx would make some apps throw their places away."""
    loud, calm = await new_phone(rider), await new_phone(rider)
    async with asking(service.url, timeout_s=60) as app:
        many = await asyncio.gather(*(app.get(f"/api/ingest/{loud['key']}?id=1") for _ in range(3 * PACE.burst)))
        other = await app.get(f"/api/ingest/{calm['key']}?id=1")
    late = [answer for answer in many if answer.status_code != 200]
    assert ({503}, True) == (
        {answer.status_code for answer in late}, all("retry-after" in answer.headers for answer in late)
    )
    assert 200 == other.status_code


async def test_without_redis_an_app_is_told_to_keep_its_places(
    settings: Settings, database: object, tmp_path: Any
) -> None:
    """Nothing is acknowledged that is not durable; after Redis is back the same request stores."""
    server = Valkey(tmp_path / "own", port=free_port()).start()
    try:
        async with serving(msgspec.structs.replace(settings, redis_url=server.url)) as service:
            key = (await new_phone(service.person("rider", "r1")))["key"]
            path = f"/api/ingest/{key}?lat=14.6&lon=120.98&timestamp={seconds_ago(5)}"
            async with asking(service.url, timeout_s=30) as app:
                server.kill()
                away = await app.get(path)
                assert (503, True) == (away.status_code, "retry-after" in away.headers)
                server.start()

                async def stored() -> bool:
                    again = await app.get(path)
                    return again.status_code == 200 and again.json()["stored"] + again.json()["duplicates"] == 1

                assert await until(stored, within_s=30, every_s=0.5)
    finally:
        server.stop()


async def test_a_number_once_given_stays(database: Database) -> None:
    """Two stores, as in two processes: the same times get the same numbers, and new ones get new ones."""
    one, two = DeviceStore(database), DeviceStore(database)
    await one.ensure_indexes()
    made = await one.add("r1", "phone", "r1", utc_now())
    assert not hasattr(made, "code")
    device = made[0].id
    times = [1_764_000_000_000 + step * 250_000 for step in range(6)]
    first = await one.number(device, times[:4])
    both = await asyncio.gather(one.number(device, times), two.number(device, times))
    assert first is not None
    assert both[0] is not None
    assert both[0] == both[1]
    assert (first, 6) == ({ts: both[0][ts] for ts in times[:4]}, len(set(both[0].values())))
