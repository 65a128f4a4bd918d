"""Whether a rider's stored track is exactly the points that were acked: each once, in order of time."""

import asyncio
import time
from urllib.parse import urlencode

import httpx

from api.replay import geojson_trips
from api.replay.trip import BadTrip
from client.wire import Message

SAME_DEGREES = 1e-6  # a tenth of a metre: what a stored coordinate may differ from the sent one
LOOK_EVERY_S = 1.0


class WrongTrack(Exception):
    """The stored track is not the one that was acked; the message counts both."""


async def exactly(
    url: str, token: str, rider: str, acked: list[Message], within_s: float, gate: asyncio.Semaphore
) -> None:
    """Wait until the track the service gives out is the acked one; raises WrongTrack. `gate` bounds the askers."""
    if not acked:
        return
    wanted = sorted((point["ts"], point["lat"], point["lng"]) for point in acked)
    window = {"from": wanted[0][0], "to": wanted[-1][0] + 1, "format": "geojson"}
    deadline = time.monotonic() + within_s
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10) as http:
        while True:
            async with gate:
                found = await _fetch(http, f"/api/riders/{rider}/track?{urlencode(window)}")
            if same(found, wanted):
                return
            if time.monotonic() > deadline:
                raise WrongTrack(f"{len(found)} points stored, {len(wanted)} acked")
            await asyncio.sleep(LOOK_EVERY_S)


async def _fetch(http: httpx.AsyncClient, first: str) -> list[tuple[int, float, float]]:
    """Every page of the track; nothing while the service has none, or is away."""
    found, page = list[tuple[int, float, float]](), first
    while page:
        try:
            answer = await http.get(page)
        except httpx.TransportError:
            return []
        if answer.status_code != 200:
            return []
        found += _points(answer.text)
        page = answer.links.get("next", {}).get("url", "")
    return found


def _points(text: str) -> list[tuple[int, float, float]]:
    """(epoch ms, latitude, longitude) in the order of the document."""
    try:
        trips = list(geojson_trips.read("track", text))
    except BadTrip:
        return []
    return [(round(point.ts_s * 1000), point.lat, point.lng) for trip in trips for point in trip.points]


def same(found: list[tuple[int, float, float]], wanted: list[tuple[int, float, float]]) -> bool:
    """Equal in number, order and time, and in place within SAME_DEGREES. Fixes of one instant may swap."""
    return len(found) == len(wanted) and all(
        one[0] == other[0] and abs(one[1] - other[1]) < SAME_DEGREES and abs(one[2] - other[2]) < SAME_DEGREES
        for one, other in zip(sorted(found), wanted, strict=True)
    )
