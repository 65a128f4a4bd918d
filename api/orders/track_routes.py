"""The way an order went, in the forms other programs read. Only the part of its riders' tracks that was the order's."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from api.bearer import Caller
from api.description import ManyForms
from api.errors import Refusal
from api.orders.desk import utc_now
from api.orders.order import to_ms
from api.orders.routes import Desk, OrderId, find_order
from api.orders.sight import Window, track_windows
from api.planning.travel import Travel
from api.problems import described
from tracking import export
from tracking.state import KeptPoint
from tracking.tracks import Tracks

if TYPE_CHECKING:
    from city.match import Matched

Format = Literal["geojson", "gpx", "polyline"]
MOST_POINTS, MOST_MATCHED = 50_000, 5_000


@get(
    "/{order_id:str}/track", operation_class=ManyForms, summary="The way the order went",
    responses=described(403, 404, 413),
)
async def track(
    desk: Desk,
    actor: Caller,
    state: State,
    order_id: OrderId,
    form: Annotated[
        Format, QueryParameter(name="format", description="GeoJSON Feature with times, GPX 1.1, or encoded polyline")
    ] = "geojson",
    snapped: Annotated[
        bool, QueryParameter(description="GeoJSON only: two Features, the track as reported and as streets have it")
    ] = False,
) -> Response[Any]:
    """Customers see it from pick-up on, staff from assignment on, a rider their own part; nobody anything beyond."""
    if snapped and form != "geojson":
        raise Refusal("bad_request", "A snapped track is GeoJSON.", "format")
    order = await find_order(desk, actor, order_id, "order.track")
    windows = track_windows(order, actor, utc_now())
    points = await read_windows(state.tracks, windows)
    rider = windows[-1][0] if windows else order.rider or ""
    if snapped:
        found = await match_points(state.travel, points)
        return Response(export.snapped(export.geojson(rider, points), found), media_type="application/geo+json")
    if form == "gpx":
        named = {"Content-Disposition": f'attachment; filename="{order.id}.gpx"'}
        return Response(export.gpx(rider, points), media_type="application/gpx+xml", headers=named)
    if form == "polyline":
        return Response(export.encoded(rider, points))
    return Response(export.geojson(rider, points), media_type="application/geo+json")


async def match_points(travel: Travel, points: list[KeptPoint]) -> "Matched | None":
    """The streets the points were driven on, found in a thread; None without streets."""
    graph = await travel.streets()
    if graph is None:
        return None
    if len(points) > MOST_MATCHED:
        raise Refusal("too_large", f"Tracks of more than {MOST_MATCHED} points are not matched to streets.")
    from city.match import Fixed, match

    return await asyncio.to_thread(match, graph, [Fixed(each.lat, each.lng, each.accuracy) for each in points])


async def read_windows(tracks: Tracks, windows: list[Window]) -> list[KeptPoint]:
    """The points of all windows in order of time; raises Refusal when they are more than anybody could want."""
    points: list[KeptPoint] = []
    for rider, start, end in windows:
        cursor: str | None = None
        while True:
            page = await tracks.read(rider, to_ms(start), to_ms(end) + 1, cursor=cursor)
            points += page.points
            cursor = page.cursor
            if len(points) > MOST_POINTS:
                raise Refusal("too_large", f"The track has more than {MOST_POINTS} points; read it from the riders.")
            if cursor is None:
                break
    return points


HANDLERS = (track,)
