"""Which part of its riders' tracks an order opens, and to whom. Never more than the order itself."""

from datetime import UTC, datetime
from typing import Any

from api.orders.order import Leg, Order
from api.orders.shapes import RealTimeLocation
from api.rights import Actor, relation
from tracking.delivery import View

VIEWS: dict[str, View] = {
    "admin": View.FULL, "dispatcher": View.FULL, "rider": View.FULL, "vendor": View.SHOP,
    "customer": View.PUBLIC, "guest": View.PUBLIC,
}
Window = tuple[str, datetime, datetime]  # a rider, and from when to when the order was theirs


def view_of(order: Order, actor: Actor) -> View | None:
    """From which side the actor looks at the order; None for strangers."""
    return VIEWS.get(relation(actor, order.parties) or "")


def real_time_location(position: dict[str, Any] | None) -> RealTimeLocation | None:
    """A `position` message in the words of the REST snapshot."""
    if position is None:
        return None
    return RealTimeLocation(
        lat=position["lat"], lng=position["lng"], heading=position.get("heading"), speed=position.get("speed"),
        last_updated=datetime.fromtimestamp(position["ts"] / 1000, UTC), stale=position.get("stale", False),
        precision=position.get("precision"),
    )


def track_windows(order: Order, actor: Actor, now: datetime) -> list[Window]:
    """Which riders' tracks this actor may read, and from when to when.

    Staff see from assignment to the end, a customer from pick-up to the end, a rider their own time with it. An order
    cancelled before pick-up has no track for its customer.
    """
    mine = relation(actor, order.parties)
    since = order.reached("picked_up") if mine == "customer" else order.created_at
    if mine not in ("admin", "dispatcher", "customer", "rider") or since is None:
        return []
    legs = [leg for leg in order.legs if mine != "rider" or leg.rider == actor.sub]
    return [window for leg in legs if (window := _overlap(leg, since, now)) is not None]


def _overlap(leg: Leg, since: datetime, now: datetime) -> Window | None:
    start, end = max(leg.since, since), leg.until or now
    return (leg.rider, start, end) if start < end else None
