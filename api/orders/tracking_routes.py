"""Watching an order over HTTP: the snapshot that a map starts with. The socket's channel goes on from there."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import get
from litestar.datastructures import State

from api.bearer import Caller
from api.orders.routes import Desk, OrderId, find_order
from api.orders.shapes import Tracking
from api.orders.sight import real_time_location, view_of
from api.problems import described
from tracking.delivery import Delivery, View

Glance = Callable[[Delivery, View], Awaitable[dict[str, Any]]]


@get("/{order_id:str}/tracking", summary="Where the order is", responses=described(403, 404))
async def tracking(desk: Desk, actor: Caller, state: State, order_id: OrderId) -> Tracking:
    """For everybody who may watch the order, share links too. The rider's place as sharp as the caller may see."""
    order = await find_order(desk, actor, order_id, "order.watch")
    glance: Glance = state.glance
    view = view_of(order, actor)
    now = await glance(order.delivery, view) if view is not None else {}
    position = now.get("position")
    return Tracking(
        id=order.id, order=order.id, status=order.status, rev=order.rev, pickup=order.pickup, dropoff=order.dropoff,
        rider_id=order.rider, tracking_events=order.tracking_events, position=position, eta=now.get("eta"),
        real_time_location=real_time_location(position),
    )


HANDLERS = (tracking,)
