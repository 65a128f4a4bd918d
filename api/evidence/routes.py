"""`GET /api/orders/{id}/evidence`: an order's timeline, as JSON for programs and as a page for people."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from api.bearer import Caller
from api.evidence import page, timeline
from api.evidence.store import EvidenceStore
from api.orders.desk import utc_now
from api.orders.order import Order
from api.orders.routes import Desk, OrderId, find_order
from api.orders.sight import track_windows
from api.orders.track_routes import read_windows
from api.problems import described
from tracking.state import KeptPoint


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of an order, in order of time."""

    order: Order
    made_at: str
    entries: list[timeline.Entry]


@get("/{order_id:str}/evidence", summary="What happened, for a dispute", responses=described(403, 404, 413))
async def evidence(
    desk: Desk, actor: Caller, state: State, order_id: OrderId,
    form: Annotated[Literal["json", "html"], QueryParameter(name="format")] = "json",
) -> Response[Any]:
    """For staff: track, chat, steps, fences, reports and notifications on one clock. Each reading is remembered."""
    order = await find_order(desk, actor, order_id, "order.evidence")
    store: EvidenceStore = state.evidence
    now = utc_now()
    await store.remember(order, actor, now)
    entries = await gather(store, order, [
        (rider, await read_windows(state.tracks, [(rider, start, end)]))
        for rider, start, end in track_windows(order, actor, now)
    ])
    name = f'attachment; filename="order-{order.id}.{form}"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    if form == "html":
        readable = page.document(order, timeline.for_reading(entries), made_at=now, by=f"{actor.role} {actor.sub}")
        headers["Content-Security-Policy"] = page.POLICY
        return Response(readable, media_type="text/html", headers=headers)
    return Response(Evidence(order=order, made_at=now.isoformat(), entries=entries), headers=headers)


async def gather(
    store: EvidenceStore, order: Order, legs: list[tuple[str, list[KeptPoint]]]
) -> list[timeline.Entry]:
    """All records of the order on one clock."""
    room = f"order_{order.id}"
    return timeline.on_one_clock(
        timeline.of_order(await store.items(f"order:{order.id}")), timeline.of_track(legs),
        timeline.of_chat(await store.items(f"room:{room}")), timeline.of_reports(await store.reports(room)),
        timeline.of_notices(await store.notices(order)),
    )


HANDLERS = (evidence,)
