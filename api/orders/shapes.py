"""What order requests and answers look like. Requests are closed to unknown fields."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from api.orders.order import Order, Spot, Status, TrackingEvent
from api.orders.rules import next_steps

Sub = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f\s]+$", examples=["c1"])]
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=500, examples=["left with the neighbour"])]
Item = dict[str, str | int | float | bool | None]
Items = Annotated[list[Item], msgspec.Meta(max_length=100, examples=[[{"name": "mango", "quantity": 3}]])]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client may send: these fields and no others."""


class PlaceOrder(Body, frozen=True):
    """An order to place. Customers leave `customer_id` out: it is theirs.

    Items {product_id, quantity} of our catalog are priced by the server and taken out of stock; all others are kept as
    they are given. `from_cart`: all that is in the customer's cart from this vendor.
    """

    vendor_id: Sub
    pickup: Spot
    dropoff: Spot
    customer_id: Sub | None = None
    items: Items = []
    from_cart: bool = False


class Assign(Body, frozen=True):
    """Whom to give the order: the `sub` of a rider, or `nearest` for the one who can be at the pick-up soonest."""

    rider_id: Sub


class TakeStep(Body, frozen=True):
    """The status the order shall have now. `rev`: only if the order is still at this revision."""

    status: Status
    note: Note | None = None
    rev: int | None = None


class Cancel(Body, frozen=True):
    """Why, if anybody wants to say so."""

    note: Note | None = None


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its parties see it."""

    id: str
    status: Status
    rev: int
    customer_id: str
    vendor_id: str
    rider_id: str | None
    pickup: Spot
    dropoff: Spot
    items: tuple[Item, ...]
    total: int | None
    currency: str | None
    created_at: datetime
    updated_at: datetime
    next: tuple[Status, ...]
    tracking_events: tuple[TrackingEvent, ...]


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """Orders newest first; `next` is the `after` of the next page, null on the last."""

    items: list[OrderView]
    next: str | None


class RealTimeLocation(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rider is. `stale`: no fix for a while. `precision`: decimals kept, where the place is blurred."""

    lat: float
    lng: float
    heading: float | None
    speed: float | None
    last_updated: datetime
    stale: bool
    precision: int | None = None


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """All a watcher of the order needs to start with; the socket's channel goes on from here."""

    id: str
    order: str
    status: Status
    rev: int
    pickup: Spot
    dropoff: Spot
    rider_id: str | None
    tracking_events: tuple[TrackingEvent, ...]
    real_time_location: RealTimeLocation | None
    position: dict[str, Any] | None
    eta: dict[str, Any] | None


class ShareLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that shows this one order to whoever has it. It is told once and ends with the order."""

    url: str
    token: str
    expires_at: datetime


def view(order: Order) -> OrderView:
    """The order as an answer."""
    return OrderView(
        id=order.id, status=order.status, rev=order.rev, customer_id=order.customer, vendor_id=order.vendor,
        rider_id=order.rider, pickup=order.pickup, dropoff=order.dropoff, items=order.items,
        total=order.total, currency=order.currency, created_at=order.created_at, updated_at=order.updated_at,
        next=next_steps(order.status), tracking_events=order.tracking_events,
    )
