"""The status machine of an order: which step follows which, and who may take it. Docs and tests read the same dict."""

from datetime import datetime
from typing import Any, Final

import msgspec

from api.errors import Refused
from api.orders.order import Leg, Order, Spot, Status, TrackingEvent
from api.rights import ENDED, Relation

STAFF: Final[frozenset[Relation]] = frozenset({"admin", "dispatcher"})
VENDOR: Final[frozenset[Relation]] = frozenset({"vendor", *STAFF})
RIDER: Final[frozenset[Relation]] = frozenset({"rider", *STAFF})
ANY_PARTY: Final[frozenset[Relation]] = frozenset({"customer", "vendor", *STAFF})

STEPS: Final[dict[tuple[Status, Status], frozenset[Relation]]] = {
    ("order_placed", "accepted"): VENDOR,
    ("accepted", "preparing"): VENDOR,
    ("preparing", "ready"): VENDOR,
    ("ready", "picked_up"): RIDER,
    ("picked_up", "arriving"): RIDER,
    ("arriving", "delivered"): RIDER,
    ("order_placed", "cancelled"): ANY_PARTY,
    ("accepted", "cancelled"): ANY_PARTY,
    ("preparing", "cancelled"): ANY_PARTY,
    ("ready", "cancelled"): ANY_PARTY,
}
ON_THE_ROAD: Final[frozenset[Status]] = frozenset({"picked_up", "arriving", "delivered"})


def next_steps(status: Status, relation: Relation | None = None) -> tuple[Status, ...]:
    """Where an order can go from here, for anybody or for one of its parties."""
    return tuple(
        after for (before, after), who in STEPS.items() if before == status and (relation is None or relation in who)
    )


def check_step(order: Order, to: Status, relation: Relation | None) -> Refused | None:
    """Why this party may not take the order there now; None when they may."""
    who = STEPS.get((order.status, to))
    if who is None:
        open_steps = next_steps(order.status)
        ways = f"it can become {' or '.join(open_steps)}" if open_steps else "nothing comes after that"
        return Refused("illegal_step", f"The order is {order.status}: {ways}, not {to}.", "status", allowed=open_steps)
    if relation not in who:
        mine = next_steps(order.status, relation)
        return Refused("forbidden", f"Making an order {to} is for {', '.join(sorted(who))}.", "status", allowed=mine)
    return None


def apply_step(order: Order, to: Status, now: datetime, note: str | None, rider_at: Spot | None) -> Order:
    """The order after the step. `rider_at`: where the rider is, if known; it counts from pick-up on."""
    location = rider_at if to in ON_THE_ROAD else order.pickup
    event = TrackingEvent(status=to, timestamp=now, location=location, rider_id=order.rider, notes=note)
    return msgspec.structs.replace(
        order, status=to, rev=order.rev + 1, updated_at=now, tracking_events=(*order.tracking_events, event),
        legs=_ended(order.legs, now) if to in ENDED else order.legs,
    )


def check_assignment(order: Order) -> Refused | None:
    """Why nobody can be assigned now; None when somebody can."""
    if order.status in ENDED:
        return Refused("illegal_step", f"The order is {order.status}; no rider is needed any more.", "rider_id")
    return None


def apply_assignment(order: Order, rider: str, now: datetime) -> Order:
    """The order with this rider, the one before relieved. Assigning the same rider again changes nothing."""
    if rider == order.rider:
        return order
    legs = (*_ended(order.legs, now), Leg(rider=rider, since=now))
    return msgspec.structs.replace(order, rider=rider, rev=order.rev + 1, updated_at=now, legs=legs)


def _ended(legs: tuple[Leg, ...], now: datetime) -> tuple[Leg, ...]:
    return tuple(msgspec.structs.replace(leg, until=leg.until or now) for leg in legs)


def log_item(order: Order, by: str, note: str | None = None) -> dict[str, Any]:
    """The change as the channels carry it; `offset` and `channel` come with delivery."""
    item: dict[str, Any] = {
        "type": "order", "order": order.id, "status": order.status, "rev": order.rev,
        "ts": int(order.updated_at.timestamp() * 1000), "by": by,
    }
    if order.rider:
        item["rider"] = order.rider
    if note:
        item["note"] = note
    return item


def logs_of(order: Order) -> tuple[str, ...]:
    """The channels whose logs hold this order's changes."""
    return f"order:{order.id}", f"vendor:{order.vendor}", "ops"
