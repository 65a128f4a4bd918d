"""Riders over HTTP: who is near a point, where one is, and where they have been. For staff; a rider sees themself."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from api.bearer import Caller
from api.description import ManyForms
from api.errors import Refusal
from api.orders.dispatch import Near, by_eta
from api.planning.shapes import Basis
from api.riders.day_routes import NOT_YOURS, RiderId, day
from api.rights import Everything, RiderThing, may
from tracking import export
from tracking.acceptance import FUTURE_MS
from tracking.messages import Fix
from tracking.position import is_stale
from tracking.store import TrackingStore
from tracking.tracks import BadCursor, Page, Tracks, TracksDown

DAY_MS = 86_400_000
PAGE = 10_000
COMPARED = 200
LAST_MS = 253_402_300_799_000  # the end of the year 9999, where RFC 3339 ends
Format = Literal["geojson", "gpx", "polyline"]
Store = NamedDependency[TrackingStore]
Stored = NamedDependency[Tracks]
FROM_HELP = "RFC 3339 with an offset, or epoch milliseconds; a day before `to` unless given"
TO_HELP = "the same, itself not included; now unless given"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A rider's newest fix. `stale`: it is old, and the rider may be elsewhere."""

    rider: str
    lat: float
    lng: float
    accuracy: float | None
    speed: float | None
    heading: float | None
    last_updated: datetime
    stale: bool


class NearRider(Position, frozen=True, kw_only=True):
    """The same, with the distance from the point asked about, and how long the way there takes when that was asked."""

    distance_m: float
    eta_s: int | None = None


class NearRiders(msgspec.Struct, frozen=True):
    """Nearest or soonest first. `basis`: times are by the city's streets, or by a straight line with a detour."""

    items: list[NearRider]
    basis: Basis | None = None


class RiderView(msgspec.Struct, frozen=True, kw_only=True):
    """One rider. `position` is null for one who is connected but has no fix yet."""

    id: str
    online: bool
    position: Position | None


async def provide_store(state: State) -> TrackingStore:
    """The dependency `tracking_store`."""
    store: TrackingStore = state.tracking
    return store


async def provide_tracks(state: State) -> Tracks:
    """The dependency `tracks`."""
    tracks: Tracks = state.tracks
    return tracks


def _shown(fix: Fix) -> dict[str, Any]:
    """The fix as fields of a Position."""
    return {
        "rider": fix.rider, "lat": fix.lat, "lng": fix.lng, "accuracy": fix.accuracy, "speed": fix.speed,
        "heading": fix.heading, "last_updated": datetime.fromtimestamp(fix.ts / 1000, UTC),
        "stale": is_stale(fix, time.time_ns() // 1_000_000),
    }


def _soon(near: Near) -> NearRider:
    eta_s = None if near.eta_s is None else round(near.eta_s)
    return NearRider(**_shown(near.fix), distance_m=round(near.distance_m, 1), eta_s=eta_s)


def instant_ms(text: str, field: str) -> int:
    """Epoch milliseconds from either form; raises Refusal naming the field."""
    try:
        if text.isascii() and text.isdigit():
            ms = int(text)
        else:
            at = datetime.fromisoformat(text)
            if at.tzinfo is None:
                raise ValueError
            ms = round(at.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Refusal(
            "bad_request", f"`{field}` is epoch milliseconds or RFC 3339 like 2026-11-21T10:00:00Z.", field
        ) from error
    if not 0 <= ms <= LAST_MS:
        raise Refusal("bad_request", f"`{field}` lies outside the years 1970 to 9999.", field)
    return ms


@get("/near", summary="Riders near a point")
async def near(
    actor: Caller,
    tracking_store: Store,
    state: State,
    lat: Annotated[float, QueryParameter(ge=-90, le=90)],
    lng: Annotated[float, QueryParameter(ge=-180, le=180)],
    radius_m: Annotated[float, QueryParameter(ge=1, le=50_000)] = 2000,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 20,
    by: Annotated[Literal["distance", "eta"], QueryParameter(description="what comes first")] = "distance",
) -> NearRiders:
    """By exact distance or by time to go there; riders without a fix for two minutes are not near anything.

    By time, the 200 nearest as the crow flies are compared. A rider whom no street leads there has no `eta_s`.
    """
    if not may(actor, "fleet.read", Everything()):
        raise Refusal("forbidden", NOT_YOURS)
    if by == "eta":
        basis, soonest = await by_eta(state.travel, lat, lng, await tracking_store.near(lat, lng, radius_m, COMPARED))
        return NearRiders([_soon(near) for near in soonest[:limit]], basis)
    found = await tracking_store.near(lat, lng, radius_m, limit)
    return NearRiders([NearRider(**_shown(fix), distance_m=round(away_m, 1)) for fix, away_m in found])


@get("/{rider_id:str}", summary="One rider, now")
async def read(actor: Caller, tracking_store: Store, rider_id: RiderId) -> RiderView:
    """Where the rider is and whether a phone of theirs is connected."""
    if not may(actor, "rider.read", RiderThing(rider_id)):
        raise Refusal("forbidden", NOT_YOURS)
    fix = (await tracking_store.newest([rider_id])).get(rider_id)
    online = bool(await tracking_store.who_is_online([rider_id]))
    if fix is None and not online:
        raise Refusal("not_found", f"Nothing is known of a rider {rider_id}.")
    return RiderView(id=rider_id, online=online, position=Position(**_shown(fix)) if fix else None)


@get("/{rider_id:str}/track", operation_class=ManyForms, summary="Where a rider has been")
async def track(
    actor: Caller,
    tracks: Stored,
    request: Request[None, None, State],
    rider_id: RiderId,
    since: Annotated[str | None, QueryParameter(name="from", max_length=40, description=FROM_HELP)] = None,
    until: Annotated[str | None, QueryParameter(name="to", max_length=40, description=TO_HELP)] = None,
    format: Annotated[Format, QueryParameter(description="the form of the answer")] = "geojson",
    cursor: Annotated[str | None, QueryParameter(max_length=300, description="`next` of the page before")] = None,
) -> Response[Any]:
    """Stored points in order of time, each once; at most 10 000 a page, the next one named by a Link header."""
    if not may(actor, "rider.track", RiderThing(rider_id)):
        raise Refusal("forbidden", NOT_YOURS)
    # A phone's clock may be a minute ahead of ours, and its points count.
    to_ms = instant_ms(until, "to") if until else time.time_ns() // 1_000_000 + FUTURE_MS
    from_ms = instant_ms(since, "from") if since else max(0, to_ms - DAY_MS)
    if from_ms > to_ms:
        raise Refusal("bad_request", "`from` lies after `to`.", "from")
    try:
        page = await tracks.read(rider_id, from_ms, to_ms, limit=PAGE, cursor=cursor)
    except BadCursor as error:
        raise Refusal("bad_request", f"{error}.", "cursor") from error
    except TracksDown as error:
        raise Refusal("unavailable", "The tracks cannot be read just now.", after_ms=2000) from error
    headers = {}
    if page.cursor is not None:
        asked = {name: value for name, value in request.query_params.items() if name != "cursor"}
        headers["Link"] = f'<{request.url.path}?{urlencode(asked | {"cursor": page.cursor})}>; rel="next"'
    return written(rider_id, page, format, headers)


def written(rider: str, page: Page, format: Format, headers: dict[str, str]) -> Response[Any]:
    """The page in the form asked for; JSON forms also carry `next`, the cursor of the page after."""
    if format == "gpx":
        return Response(export.gpx(rider, page.points), media_type="application/gpx+xml", headers=headers)
    if format == "polyline":
        line = export.encoded(rider, page.points) | {"next": page.cursor}
        return Response(line, media_type="application/json", headers=headers)
    feature = export.geojson(rider, page.points) | {"next": page.cursor}
    return Response(feature, media_type="application/geo+json", headers=headers)


router = Router(
    "/api/riders", tags=["riders"], route_handlers=[near, read, track, day],
    dependencies={"tracking_store": Provide(provide_store), "tracks": Provide(provide_tracks)},
)
