"""What an offer is: one order, asked of one rider at a time. Pure; a new rider or a new start is a new number."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from api.orders.dispatch import Near
from api.orders.order import Order, Spot, to_ms
from events.kinds import OfferData
from tracking.position import COARSE_DECIMALS

State = Literal["open", "accepted", "declined", "expired", "withdrawn", "exhausted"]
FOLLOWS: Final[dict[State, frozenset[State]]] = {
    "open": frozenset({"accepted", "declined", "expired", "withdrawn"}),
    "declined": frozenset({"open", "exhausted", "withdrawn"}),
    "expired": frozenset({"open", "exhausted", "withdrawn"}),
    "accepted": frozenset({"open", "exhausted"}),  # the order was taken from its rider, and is offered anew
    "withdrawn": frozenset({"open", "exhausted"}),
    "exhausted": frozenset({"open", "exhausted"}),
}
MOVES_ON: Final[frozenset[State]] = frozenset({"declined", "expired"})


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """How the offering of an order stands. `asked`: everybody asked since it began, in order; `by` began it."""

    order: str
    number: int
    state: State
    at: datetime
    by: str
    rider: str | None = None
    expires_at: datetime | None = None
    asked: tuple[str, ...] = ()
    distance_m: float | None = None
    eta_s: float | None = None


def opened(before: Offer | None, order: Order, near: Near, *, by: str, now: datetime, within_s: float) -> Offer:
    """The next rider is asked. A sequence that had ended begins anew."""
    asked = before.asked if before is not None and before.state in MOVES_ON else ()
    return Offer(
        order=order.id, number=before.number + 1 if before else 1, state="open", at=now, by=by, rider=near.fix.rider,
        expires_at=now + timedelta(seconds=within_s), asked=(*asked, near.fix.rider),
        distance_m=near.distance_m, eta_s=near.eta_s,
    )


def exhausted(before: Offer | None, order: Order, *, by: str, now: datetime) -> Offer:
    """Nobody is left to be asked."""
    asked = before.asked if before is not None and before.state in MOVES_ON else ()
    number = before.number + 1 if before else 1
    return Offer(order=order.id, number=number, state="exhausted", at=now, by=by, asked=asked)


def closed(before: Offer, state: State, now: datetime) -> Offer:
    """The rider has answered, or the time is up, or the order is gone."""
    return msgspec.structs.replace(before, state=state, at=now)


def log_item(offer: Offer, order: Order | None) -> dict[str, Any]:
    """The `offer` item. An open one tells where to: the shop exactly, the customer's door only roughly."""
    item: dict[str, Any] = {
        "type": "offer", "order": offer.order, "number": offer.number, "state": offer.state, "ts": to_ms(offer.at)
    }
    if offer.rider is not None:
        item["rider"] = offer.rider
    if offer.state == "open" and order is not None:
        item |= {
            "expires": to_ms(offer.expires_at), "pickup": msgspec.to_builtins(order.pickup),
            "dropoff": msgspec.to_builtins(_about(order.dropoff)),
        }
        known = {"distance_m": offer.distance_m, "eta_s": offer.eta_s}
        item |= {name: round(value) for name, value in known.items() if value is not None}
    return item


def told(offer: Offer, order: Order) -> dict[str, Any]:
    """What `RIDER_OFFERED` tells of an open offer."""
    data: dict[str, Any] = msgspec.to_builtins(OfferData(
        order_id=offer.order, rider_id=offer.rider or "", number=offer.number, rev=order.rev,
        expires_at=to_ms(offer.expires_at),
    ))
    return data


def entries(offer: Offer, order: Order | None) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The log items of this state, each with its channel: the rider who was asked, and the dispatchers."""
    item = log_item(offer, order)
    return tuple((channel, item) for channel in ([f"rider:{offer.rider}"] if offer.rider else []) + ["ops"])


def _about(spot: Spot) -> Spot:
    return Spot(lat=round(spot.lat, COARSE_DECIMALS), lng=round(spot.lng, COARSE_DECIMALS))
