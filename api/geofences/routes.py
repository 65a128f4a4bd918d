"""Geofences over HTTP: GeoJSON Features in and out. For staff; what a fence told stands under its events."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import json_only
from api.errors import Refusal
from api.geofences.alerts import Alerts
from api.geofences.store import FenceStore, Stored, new_id
from api.rights import Action, Actor, Everything, may
from geo.fences.events import Kind
from geo.fences.feature import Wrong, read

LARGEST_BYTES = 16 * 2**20  # a quarter of a million corners
FenceId = Annotated[str, PathParameter(max_length=64, description="the fence's id")]
Store = NamedDependency[FenceStore]
Feature = Annotated[
    dict[str, Any],
    msgspec.Meta(
        description="A GeoJSON Feature: Point with `radius_m`, LineString with `width_m`, Polygon or MultiPolygon. "
        "Its properties: `name`, and as wished `kinds`, `dwell_s`, `speed_limit_mps`; `rider`: whom a circle follows.",
        examples=[{
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [120.9842, 14.5995]},
            "properties": {"name": "Market", "radius_m": 150, "dwell_s": 300},
        }],
    ),
]


class FencePage(msgspec.Struct, frozen=True):
    """A FeatureCollection. `next`: `after` of the page behind it, null on the last."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]
    next: str | None


class FenceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something a fence told. `ts` in epoch milliseconds is when the edge was crossed."""

    event_id: str
    fence: str
    kind: Kind
    rider: str
    ts: int
    lat: float
    lng: float
    late: bool
    name: str = ""
    order: str | None = None
    speed_mps: float | None = None


class EventPage(msgspec.Struct, frozen=True):
    """Newest first. `next`: `before` of the page behind it, null on the last."""

    items: list[FenceEvent]
    next: int | None


async def provide_fences(state: State) -> FenceStore:
    """The dependency `fences`."""
    store: FenceStore = state.fences
    return store


def _check(actor: Actor, action: Action) -> None:
    if not may(actor, action, Everything()):
        raise Refusal("forbidden", "Fences are for staff.")


async def _write(fences: FenceStore, feature: dict[str, Any], fence_id: str) -> Stored:
    try:
        return await fences.put(read(feature, fence_id))
    except Wrong as wrong:
        raise Refusal("bad_request", wrong.message, wrong.field) from wrong


async def _find(fences: FenceStore, fence_id: str) -> Stored:
    found = await fences.get(fence_id)
    if found is None:
        raise Refusal("not_found", f"There is no fence {fence_id}.")
    return found


@post("/", summary="Draw a fence")
async def draw(actor: Caller, fences: Store, data: JSONBody[Feature]) -> Response[dict[str, Any]]:
    """201 and the Feature as it is understood, with its `id` and what had to be repaired. Watched within a second."""
    _check(actor, "fence.edit")
    stored = await _write(fences, data, new_id())
    return Response(
        stored.feature, status_code=201, headers={"Location": f"/api/geofences/{stored.feature['id']}"}
    )


@get("/", summary="All fences")
async def own(
    actor: Caller, fences: Store,
    after: Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> FencePage:
    """As a FeatureCollection, by id."""
    _check(actor, "fence.read")
    found = [stored.feature for stored in await fences.page(after, limit + 1)]
    return FencePage("FeatureCollection", found[:limit], found[limit - 1]["id"] if len(found) > limit else None)


@get("/{fence_id:str}", summary="One fence")
async def one(actor: Caller, fences: Store, fence_id: FenceId) -> dict[str, Any]:
    """Its Feature."""
    _check(actor, "fence.read")
    return (await _find(fences, fence_id)).feature


@put("/{fence_id:str}", summary="Change a fence")
async def change(actor: Caller, fences: Store, fence_id: FenceId, data: JSONBody[Feature]) -> dict[str, Any]:
    """The whole Feature anew. Riders inside stay inside, unless the new shape says otherwise."""
    _check(actor, "fence.edit")
    await _find(fences, fence_id)
    return (await _write(fences, data, fence_id)).feature


@delete("/{fence_id:str}", summary="Delete a fence")
async def drop(actor: Caller, fences: Store, fence_id: FenceId) -> None:
    """204. What it told stays."""
    _check(actor, "fence.edit")
    if not await fences.drop(fence_id):
        raise Refusal("not_found", f"There is no fence {fence_id}.")


@get("/{fence_id:str}/events", summary="What a fence told")
async def events(
    actor: Caller, state: State, fence_id: FenceId,
    before: Annotated[int | None, QueryParameter(ge=0, description="only earlier ones, epoch ms")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> EventPage:
    """Newest first, also of a fence that is deleted."""
    _check(actor, "fence.read")
    alerts: Alerts = state.fence_alerts
    found = [msgspec.convert(row, FenceEvent) for row in await alerts.of_fence(fence_id, before, limit + 1)]
    return EventPage(found[:limit], found[limit - 1].ts if len(found) > limit else None)


router = Router(
    "/api/geofences", tags=["geofences"], guards=[json_only], request_max_body_size=LARGEST_BYTES,
    route_handlers=[draw, own, one, change, drop, events], dependencies={"fences": Provide(provide_fences)},
)
