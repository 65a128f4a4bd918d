"""What a finished delivery was, and what its rider earned by it: a fixed part, and so much a kilometre."""

from typing import Any

import msgspec

from api.orders.order import Order
from geo.point import distance_m


class Pay(msgspec.Struct, frozen=True, kw_only=True):
    """In minor units of `currency`. `promise_s`: an order that took longer from placing to the door was late."""

    base: int = 200
    per_km: int = 50
    currency: str = "USD"
    promise_s: float = 45 * 60.0


def delivered(order: Order, pay: Pay, promised_ms: int | None = None) -> dict[str, Any]:
    """The delivery, as it is kept. The way is measured as the crow flies from shop to door.

    `promised_ms`: the arrival that was told at pick-up, if one was.
    """
    picked_up = order.reached("picked_up")
    took_s = (order.updated_at - order.created_at).total_seconds()
    return {
        "_id": order.id, "rider": order.rider, "vendor": order.vendor, "customer": order.customer,
        "placed_at": order.created_at, "assigned_at": order.legs[-1].since if order.legs else None,
        "picked_up_at": picked_up, "delivered_at": order.updated_at, "took_s": took_s,
        "ride_s": (order.updated_at - picked_up).total_seconds() if picked_up else None,
        "distance_m": round(distance_m(order.pickup.lat, order.pickup.lng, order.dropoff.lat, order.dropoff.lng)),
        "late": took_s > pay.promise_s, "total": order.total, "currency": order.currency,
        "eta_error_s": None if promised_ms is None else abs(order.updated_at.timestamp() - promised_ms / 1000),
    }


def earned(delivery: dict[str, Any], pay: Pay) -> dict[str, Any] | None:
    """What its rider earned; None when no rider had it."""
    if not delivery["rider"]:
        return None
    return {
        "_id": delivery["_id"], "rider": delivery["rider"], "delivered_at": delivery["delivered_at"],
        "distance_m": delivery["distance_m"], "base": pay.base, "by_distance": reckon(pay, delivery["distance_m"]),
        "amount": pay.base + reckon(pay, delivery["distance_m"]), "currency": pay.currency,
    }


def reckon(pay: Pay, distance: int) -> int:
    """The part for the distance, in whole minor units, rounded half up."""
    return (pay.per_km * distance + 500) // 1000
