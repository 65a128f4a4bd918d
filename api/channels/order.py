"""`order:{id}`: the order's log and its rider, as sharply as the watcher's side of the order allows."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from api.errors import Refused
from api.orders.order import Order
from api.orders.sight import view_of
from api.orders.store import OrderStore, Unanswered
from api.rights import Actor, may
from api.socket.channels import Admission
from live.outbox import Outbox
from live.store import Unreadable
from live.topics import view as view_topic
from tracking.delivery import View
from tracking.store import StoreDown
from tracking.watch import Watch

Extra = Callable[[Order], Awaitable[dict[str, Any]]]


async def nothing_more(order: Order) -> dict[str, Any]:
    """For when nobody knows more of an order than the order itself."""
    return {}


class OrderKind:
    """`extra` adds what other features keep about an order, such as its eta, to the state."""

    def __init__(self, orders: OrderStore, watch: Watch, extra: Extra = nothing_more) -> None:
        self._orders, self._watch, self._extra = orders, watch, extra

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """Parties, staff and the order's share link."""
        _, _, order_id = channel.partition(":")
        try:
            order = await self._orders.get(order_id)
        except Unanswered:
            return Refused("unavailable", "Orders cannot be read right now.", after_ms=2000)
        if order is None:
            return Refused("not_found", "There is no such order.", field="channel")
        view = view_of(order, actor) if may(actor, "order.watch", order.parties) else None
        if view is None:
            return Refused("forbidden", "The order is not, or no longer, yours to watch.", field="channel")
        onlooker = actor.role != "rider"
        self._watch.open_order(order_id, view, onlooker=onlooker)
        self._watch.order_changed(order.delivery)
        return Admission(
            topics=(view_topic(channel, view.value),), has_log=True, state=partial(self._state, order_id, view),
            leave=partial(self._watch.close_order, order_id, view, onlooker=onlooker),
        )

    async def _state(self, order_id: str, view: View) -> dict[str, Any]:
        """The order as it is now: read after the log's head, so that it is never behind the items it comes with."""
        try:
            order = await self._orders.get(order_id)
            if order is None:
                return {}
            self._watch.order_changed(order.delivery)
            return describe(order) | await self._extra(order) | await self._watch.order_state(order_id, view)
        except (Unanswered, StoreDown) as error:
            raise Unreadable(f"the state of order {order_id} cannot be read: {error}") from error


def describe(order: Order) -> dict[str, Any]:
    """What every party may know of the order, in the words of REST's tracking snapshot."""
    fields = {
        "id": order.id, "order": order.id, "status": order.status, "rev": order.rev, "rider_id": order.rider,
        "pickup": order.pickup, "dropoff": order.dropoff, "tracking_events": order.tracking_events,
    }
    described: dict[str, Any] = msgspec.to_builtins(fields)
    return described
