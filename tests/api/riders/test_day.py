"""A rider's day over HTTP, out of the tracks a real persister wrote."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta

import gpxpy
import httpx
import pytest
from redis.asyncio import Redis

from geo.point import moved
from infra.clients import Database
from tests.api.serving import SHOP, Service
from tests.waiting import until
from tracking.persister import Persister
from tracking.tracks import Tracks

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date()
NOON_MS = round(datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, 12, tzinfo=UTC).timestamp() * 1000)


def a_round() -> list[dict[str, float]]:
    """Five minutes at the shop, 1600 m to the east, five minutes there."""
    metres = [0.0] * 31 + [80.0 * step for step in range(1, 21)] + [1600.0] * 30
    points = []
    for seq, east in enumerate(metres, start=1):
        lat, lng = moved(SHOP["lat"], SHOP["lng"], 90, east)
        points.append({"seq": seq, "ts": NOON_MS + seq * 10_000, "lat": lat, "lng": lng, "accuracy": 8})
    return points


@pytest.fixture
async def ridden(service: Service, redis_client: Redis, database: Database, prefix: str) -> Service:
    """A service whose rider r1 rode yesterday."""
    async with service.person("rider", "r1").socket("phone") as phone:
        ack = await phone.report(a_round())
    assert [] == ack["rejected"]
    stop = asyncio.Event()
    persisting = asyncio.create_task(Persister(redis_client, database, prefix, linger_s=0.0).run(stop))

    async def all_there() -> bool:
        page = await Tracks(database).read("r1", NOON_MS, NOON_MS + 86_400_000)
        return len(page.points) == len(a_round())

    await until(all_there)
    stop.set()
    await persisting
    return service


async def day(service: Service, sub: str = "d1", role: str = "dispatcher", **asked: str) -> httpx.Response:
    """The day of r1."""
    return await service.person(role, sub).get("/api/riders/r1/day", params=asked)  # type: ignore[arg-type]


async def test_a_day_is_told_with_its_sums(ridden: Service) -> None:
    """Two stops and the trip between them; the rider may read it too."""
    told = (await day(ridden, "r1", "rider", date=YESTERDAY.isoformat())).json()
    assert ["stop", "trip", "stop"] == [each["kind"] for each in told["segments"]]
    assert (81, 2, 1, 0) == tuple(told[name] for name in ("fixes", "stops", "trips", "silent_s"))
    assert 1200 <= told["distance_m"] <= 1600
    assert 800 == told["moving_s"] + told["stopped_s"]


async def test_midnight_is_where_the_rider_lives(ridden: Service) -> None:
    """Noon in UTC is the next day in Kiritimati, fourteen hours ahead."""
    days = (YESTERDAY, YESTERDAY + timedelta(days=1))
    fixes = [
        (await day(ridden, date=on.isoformat(), zone=zone)).json()["fixes"]
        for zone in ("UTC", "Pacific/Kiritimati") for on in days
    ]
    assert [81, 0, 0, 81] == fixes


async def test_a_day_comes_in_every_form(ridden: Service) -> None:
    """CSV, GPX and GeoJSON, each named as a file."""
    forms = {form: await day(ridden, date=YESTERDAY.isoformat(), format=form) for form in ("csv", "gpx", "geojson")}
    kinds = [row["kind"] for row in csv.DictReader(io.StringIO(forms["csv"].text))]
    assert ["stop", "trip", "stop"] == kinds == [
        each["properties"]["kind"] for each in forms["geojson"].json()["features"]
    ]
    assert 2 == len(gpxpy.parse(forms["gpx"].text).waypoints)
    assert [f'attachment; filename="{YESTERDAY}.{form}"' for form in forms] == [
        answer.headers["content-disposition"] for answer in forms.values()
    ]


async def test_who_may_read_a_day_and_what_is_refused(service: Service) -> None:
    """Another rider and a customer may not; a zone or a date that is none is named."""
    assert 403 == (await day(service, "r2", "rider")).status_code
    assert 403 == (await day(service, "c1", "customer")).status_code
    for field, value in (("zone", "Mars/Olympus"), ("zone", "../etc/passwd"), ("date", "yesterday"), ("format", "pdf")):
        answer = await day(service, **{field: value})
        assert (400, field) == (answer.status_code, answer.json()["field"])
