"""Riders over HTTP, asked with real tokens of a real Valkey and a real MongoDB."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import gpxpy
import httpx
import polyline
import pytest
import redis.asyncio as aioredis
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from api import problems
from api.bearer import provide_actor
from api.errors import Refused
from api.rates.rates import Rates
from api.riders import routes
from api.rights import Actor
from api.tokens import Trust, check, issue
from infra.clients import Database
from infra.settings import Settings
from tests.ending import over
from tests.tracking.conftest import Process, running
from tests.tracking.rides import START_LAT, START_LNG, Answers, now_ms, point, ride, send
from tests.waiting import until
from tracking import keys
from tracking.export import rfc3339
from tracking.persister import Persister
from tracking.tracks import Tracks

TRUST = Trust(secrets=("s" * 48,))
Client = httpx.AsyncClient


def bearer(sub: str, role: str) -> dict[str, str]:
    """The header of somebody with this role."""
    return {"Authorization": f"Bearer {issue(TRUST, sub, role, 900, now=time.time())}"}


STAFF = bearer("d1", "dispatcher")


async def authenticate(token: str) -> Actor | Refused:
    """Tokens of this test's issuer."""
    return check(token, TRUST, time.time())


@pytest.fixture
async def process(redis_client: aioredis.Redis, prefix: str) -> AsyncIterator[Process]:
    """Where reports go."""
    async with running(redis_client, prefix) as process:
        yield process


@pytest.fixture
async def client(process: Process, database: Database, prefix: str) -> AsyncIterator[Client]:
    """An application with the riders' routes only."""
    redis = process.store.redis
    app = Litestar(
        [routes.router], dependencies={"actor": Provide(provide_actor)}, exception_handlers=problems.HANDLERS,
        state=State({
            "authenticate": authenticate, "rates": Rates(Settings(key_prefix=prefix), redis, redis),
            "tracking": process.store, "tracks": Tracks(database),
        }),
        logging_config=None,
    )
    # httpx in this very event loop, where the store's connections live
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar's own word for what ASGI is
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def reported(process: Process, *points: Any, rider: str = "r1") -> None:
    """Report the points and wait for the ack."""
    answers = Answers()
    send(process.reporter, answers, list(points), rider=rider)
    await until(lambda: answers)


async def persisted(redis: aioredis.Redis, database: Database, prefix: str) -> None:
    """Let a persister empty the stream."""
    stop = asyncio.Event()
    task = asyncio.create_task(Persister(redis, database, prefix, linger_s=0.0).run(stop))
    await until(lambda: _is_empty(redis, prefix))
    stop.set()
    await over(task)


async def _is_empty(redis: aioredis.Redis, prefix: str) -> bool:
    return await redis.xlen(keys.stream(prefix)) == 0


async def test_near_lists_riders_by_distance(client: Client, process: Process) -> None:
    """Nearest first with the distance in metres; those outside the radius are not there."""
    start = now_ms() - 30_000
    for rider, east in (("far", 0.02), ("near", 0.001), ("middle", 0.005)):
        await reported(process, point(1, start_ms=start, lng=START_LNG + east), rider=rider)
    answer = await client.get(
        "/api/riders/near", params={"lat": START_LAT, "lng": START_LNG, "radius_m": 1000}, headers=STAFF
    )
    items = answer.json()["items"]
    assert ["near", "middle"] == [item["rider"] for item in items]
    assert [107.6, 538.0] == [pytest.approx(item["distance_m"], abs=1) for item in items]


@pytest.mark.parametrize(
    ("params", "field"),
    [({"radius_m": 0}, "radius_m"), ({"radius_m": 50_001}, "radius_m"), ({"limit": 201}, "limit"),
     ({"limit": 0}, "limit"), ({"lat": 91}, "lat"), ({"lng": "nan"}, "lng")],
)
async def test_near_names_the_wrong_parameter(client: Client, params: dict[str, Any], field: str) -> None:
    """A value out of bounds is 400 and says which."""
    answer = await client.get("/api/riders/near", params={"lat": 14.6, "lng": 121.0} | params, headers=STAFF)
    assert (400, field) == (answer.status_code, answer.json()["field"])


@pytest.mark.parametrize("path", ["/api/riders/near?lat=1&lng=1", "/api/riders/r1", "/api/riders/r1/track"])
async def test_strangers_see_no_riders(client: Client, path: str) -> None:
    """Without a token 401; a customer and another rider 403."""
    assert 401 == (await client.get(path)).status_code
    for sub, role in (("c1", "customer"), ("r2", "rider"), ("v1", "vendor")):
        assert 403 == (await client.get(path, headers=bearer(sub, role))).status_code


async def test_a_rider_reads_themself(client: Client, process: Process) -> None:
    """Their position with its age, and whether a phone is connected; 404 for one nobody heard of."""
    start = now_ms() - 30_000
    await reported(process, point(3, start_ms=start))
    await process.store.online(["r1"], "connection", ttl_s=60)
    answer = (await client.get("/api/riders/r1", headers=bearer("r1", "rider"))).json()
    assert ("r1", True, START_LAT, False) == (
        answer["id"], answer["online"], answer["position"]["lat"], answer["position"]["stale"]
    )
    assert 404 == (await client.get("/api/riders/nobody", headers=STAFF)).status_code


async def test_a_track_comes_in_three_forms(
    client: Client, process: Process, redis_client: aioredis.Redis, database: Database, prefix: str
) -> None:
    """GeoJSON, GPX and polyline hold the same points; `from` and `to` are instants in either spelling."""
    start = now_ms() - 600_000
    await reported(process, *ride(range(1, 101), start))
    await persisted(redis_client, database, prefix)
    window: dict[str, str | int] = {"from": start + 11_000, "to": rfc3339(start + 21_000)}
    expected = [[each.lng, each.lat] for each in ride(range(11, 21), start)]

    feature = (await client.get("/api/riders/r1/track", params=window, headers=STAFF)).json()
    assert expected == feature["geometry"]["coordinates"]
    assert (10, rfc3339(start + 11_000)) == (
        len(feature["properties"]["times"]), feature["properties"]["times"][0]
    )
    text = (await client.get("/api/riders/r1/track", params=window | {"format": "gpx"}, headers=STAFF)).text
    spots = [[spot.longitude, spot.latitude] for spot in gpxpy.parse(text).tracks[0].segments[0].points]
    assert expected == spots
    line = (await client.get("/api/riders/r1/track", params=window | {"format": "polyline"}, headers=STAFF)).json()
    decoded = [[lng, lat] for lat, lng in polyline.decode(line["polyline"])]
    assert expected == [pytest.approx(spot, abs=1e-5) for spot in decoded]


@pytest.mark.parametrize("form", ["geojson", "gpx", "polyline"])
async def test_a_track_without_a_point_has_every_form(client: Client, form: str) -> None:
    """Nothing was reported in that window: an empty line, not an error."""
    answer = await client.get("/api/riders/r1/track", params={"format": form}, headers=STAFF)
    assert 200 == answer.status_code
    if form == "polyline":
        assert ("", 0, None) == (answer.json()["polyline"], answer.json()["points"], answer.json()["from"])


async def test_a_long_track_is_read_page_by_page(
    client: Client, process: Process, redis_client: aioredis.Redis, database: Database, prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Link header leads through all pages; together they are the whole track."""
    start = now_ms() - 600_000
    await reported(process, *ride(range(1, 101), start))
    await persisted(redis_client, database, prefix)
    monkeypatch.setattr(routes, "PAGE", 33)
    path, seqs, pages = "/api/riders/r1/track", [], 0
    while path:
        answer = await client.get(path, headers=STAFF)
        seqs += answer.json()["properties"]["seqs"]
        pages += 1
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert (4, list(range(1, 101))) == (pages, seqs)


@pytest.mark.parametrize(
    ("params", "field"),
    [({"from": "yesterday"}, "from"), ({"to": "2026-11-21T10:00:00"}, "to"), ({"from": "99999999999999999"}, "from"),
     ({"from": "2000", "to": "1000"}, "from"), ({"cursor": "x"}, "cursor"), ({"format": "kml"}, "format")],
)
async def test_a_track_names_the_wrong_parameter(client: Client, params: dict[str, str], field: str) -> None:
    """What cannot be understood is 400 and says which."""
    answer = await client.get("/api/riders/r1/track", params=params, headers=STAFF)
    assert (400, field) == (answer.status_code, answer.json()["field"])


async def test_an_empty_track_is_still_an_answer(client: Client) -> None:
    """No points: a Feature without a geometry, a GPX without points."""
    feature = (await client.get("/api/riders/r9/track", headers=STAFF)).json()
    assert (None, []) == (feature["geometry"], feature["properties"]["times"])
    assert 200 == (await client.get("/api/riders/r9/track?format=gpx", headers=STAFF)).status_code
