"""A rider's day over HTTP: stops and trips with how long and how far, to be read, replayed and put into a sheet."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.params import PathParameter, QueryParameter

from api.bearer import Caller
from api.description import ManyForms
from api.errors import Refusal
from api.problems import described
from api.rights import RiderThing, may
from tracking.day import Segment, segments
from tracking.dayforms import as_csv, as_geojson, as_gpx
from tracking.state import KeptPoint
from tracking.tracks import Tracks, TracksDown

MOST_POINTS = 100_000
NOT_YOURS = "Only staff may see the fleet; a rider sees themself."
RiderId = Annotated[str, PathParameter(min_length=1, max_length=128, description="the rider's `sub`")]
Form = Literal["json", "csv", "gpx", "geojson"]


class DayPart(msgspec.Struct, frozen=True, kw_only=True):
    """A stop or a trip. A stop lies at the middle of its fixes, a trip at its end; `silent_s`: no fix tells of it."""

    kind: Literal["stop", "trip"]
    started_at: datetime
    ended_at: datetime
    duration_s: int
    distance_m: int
    silent_s: int
    lat: float
    lng: float


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A rider's day from midnight to midnight in `zone`, and its sums."""

    rider: str
    date: Date
    zone: str
    fixes: int
    stops: int
    trips: int
    distance_m: int
    moving_s: int
    stopped_s: int
    silent_s: int
    segments: list[DayPart]


@get(
    "/{rider_id:str}/day", operation_class=ManyForms, summary="A rider's day as stops and trips",
    responses=described(403, 413),
)
async def day(
    actor: Caller,
    state: State,
    rider_id: RiderId,
    date: Annotated[Date | None, QueryParameter(description="YYYY-MM-DD; today unless given")] = None,
    zone: Annotated[str, QueryParameter(max_length=64, description="whose midnight, as Asia/Manila")] = "UTC",
    format: Annotated[Form, QueryParameter(description="the form of the answer")] = "json",
) -> Response[Day | dict[str, Any] | str]:
    """For staff and that rider. A stop is three minutes or longer within 200 m; trips are what lies between."""
    if not may(actor, "rider.track", RiderThing(rider_id)):
        raise Refusal("forbidden", NOT_YOURS)
    where = _zone(zone)
    on = date or datetime.now(where).date()
    points = await _points(state.tracks, rider_id, *_bounds(on, where))
    found = await asyncio.to_thread(segments, points)
    named = {"Content-Disposition": f'attachment; filename="{on.isoformat()}.{format}"'}
    match format:
        case "csv":
            return Response(as_csv(found), media_type="text/csv", headers=named)
        case "gpx":
            return Response(as_gpx(rider_id, found, points), media_type="application/gpx+xml", headers=named)
        case "geojson":
            return Response(as_geojson(rider_id, found, points), media_type="application/geo+json", headers=named)
    return Response(_summed(rider_id, on, zone, len(points), found))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refusal("bad_request", "`zone` is a name of the time zone database, like Asia/Manila.", "zone") from error


def _bounds(on: Date, zone: ZoneInfo) -> tuple[int, int]:
    """From midnight to the next one, epoch milliseconds; 23 or 25 hours where clocks change."""
    try:
        midnights = [datetime.combine(each, time(), zone).timestamp() for each in (on, on + timedelta(days=1))]
    except (OverflowError, ValueError) as error:
        raise Refusal("bad_request", "`date` is out of range.", "date") from error
    return max(0, round(midnights[0] * 1000)), max(0, round(midnights[1] * 1000))


async def _points(tracks: Tracks, rider: str, from_ms: int, to_ms: int) -> list[KeptPoint]:
    """All stored fixes of the time; raises Refusal when they are too many or cannot be read."""
    points: list[KeptPoint] = []
    cursor: str | None = None
    try:
        while True:
            page = await tracks.read(rider, from_ms, to_ms, cursor=cursor)
            points += page.points
            cursor = page.cursor
            if cursor is None:
                return points
            if len(points) > MOST_POINTS:
                raise Refusal("too_large", f"The day has more than {MOST_POINTS} fixes; read its track in parts.")
    except TracksDown as error:
        raise Refusal("unavailable", "The tracks cannot be read just now.", after_ms=2000) from error


def _summed(rider: str, on: Date, zone: str, fixes: int, found: list[Segment]) -> Day:
    stops, trips = [each for each in found if each.kind == "stop"], [each for each in found if each.kind == "trip"]
    return Day(
        rider=rider, date=on, zone=zone, fixes=fixes, stops=len(stops), trips=len(trips),
        distance_m=round(sum(each.distance_m for each in trips)),
        moving_s=round(sum(each.duration_s for each in trips)),
        stopped_s=round(sum(each.duration_s for each in stops)), silent_s=round(sum(each.silent_s for each in found)),
        segments=[
            DayPart(
                kind=each.kind, started_at=datetime.fromtimestamp(each.from_ms / 1000, UTC),
                ended_at=datetime.fromtimestamp(each.to_ms / 1000, UTC), duration_s=round(each.duration_s),
                distance_m=round(each.distance_m), silent_s=round(each.silent_s), lat=each.lat, lng=each.lng,
            )
            for each in found
        ],
    )
