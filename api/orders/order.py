"""What an order is. Everything here is a value; instants are aware datetimes in UTC, coordinates degrees WGS-84."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from api.rights import OrderParties
from tracking.delivery import Delivery

Status = Literal["order_placed", "accepted", "preparing", "ready", "picked_up", "arriving", "delivered", "cancelled"]
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90, description="degrees north, WGS-84", examples=[14.5995])]
Lng = Annotated[float, msgspec.Meta(ge=-180, le=180, description="degrees east, WGS-84", examples=[120.9842])]

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_EPOCH_MS = 1_577_836_800_000  # 2020: eight letters of milliseconds last until 2054
RANDOM_BITS = 30


class Spot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place on the ground, with the words people use for it."""

    lat: Lat
    lng: Lng
    address: Annotated[str, msgspec.Meta(max_length=300)] | None = None


class TrackingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One status the order reached. `location`: the shop until pick-up, then where the rider was, if known."""

    status: Status
    timestamp: datetime
    location: Spot | None = None
    rider_id: str | None = None
    notes: str | None = None


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """How long one rider had the order: from `since` to `until`, which is None while it lasts."""

    rider: str
    since: datetime
    until: datetime | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order at revision `rev`, which each change raises by one."""

    id: str
    customer: str
    vendor: str
    rider: str | None = None
    status: Status = "order_placed"
    rev: int = 1
    pickup: Spot
    dropoff: Spot
    items: tuple[dict[str, str | int | float | bool | None], ...] = ()
    total: int | None = None  # of what came from our catalog, in minor units of `currency`
    currency: str | None = None
    created_at: datetime
    updated_at: datetime
    tracking_events: tuple[TrackingEvent, ...] = ()
    legs: tuple[Leg, ...] = ()

    @property
    def parties(self) -> OrderParties:
        """What rights need to know of it."""
        return OrderParties(
            id=self.id, customer=self.customer, vendor=self.vendor, rider=self.rider or "", status=self.status
        )

    @property
    def delivery(self) -> Delivery:
        """What privacy needs to know of it."""
        return Delivery(
            order=self.id, rev=self.rev, status=self.status, rider=self.rider or "",
            assigned_at_ms=to_ms(self.legs[-1].since if self.legs else None),
            picked_up_at_ms=to_ms(self.reached("picked_up")),
            pickup=(self.pickup.lat, self.pickup.lng), dropoff=(self.dropoff.lat, self.dropoff.lng),
        )

    def with_prices(
        self, items: tuple[dict[str, str | int | float | bool | None], ...], total: int | None, currency: str | None
    ) -> "Order":
        """The order with what its items cost."""
        return msgspec.structs.replace(self, items=items, total=total, currency=currency)

    def reached(self, status: Status) -> datetime | None:
        """When it got there; None if it has not yet."""
        return next((event.timestamp for event in self.tracking_events if event.status == status), None)


def to_ms(instant: datetime | None) -> int:
    """Epoch milliseconds; 0 for what has not happened."""
    return round(instant.timestamp() * 1000) if instant else 0


def new_id(now_ms: int, random: int, kind: str = "o") -> str:
    """`o` (for an order) and 14 letters: milliseconds, then 30 random bits, so that ids sort by time of making."""
    number = ((now_ms - ID_EPOCH_MS) << RANDOM_BITS) | (random & ((1 << RANDOM_BITS) - 1))
    return kind + "".join(ALPHABET[(number >> shift) & 31] for shift in range(65, -1, -5))
