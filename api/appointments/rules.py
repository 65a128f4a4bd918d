"""What an appointment is, and when one can be made or cancelled."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from api.catalog.product import Product
from api.errors import Refused
from api.rights import Booking

DEFAULT_MIN = 30
AHEAD_AT_MOST = timedelta(days=366)


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """A customer with a vendor, for a service, from `starts_at` until `ends_at`."""

    id: str
    customer: str
    vendor: str
    product: str
    service: str
    starts_at: datetime
    ends_at: datetime
    status: Literal["booked", "cancelled"] = "booked"
    note: str = ""
    created_at: datetime
    updated_at: datetime

    @property
    def parties(self) -> Booking:
        """What rights need to know of it."""
        return Booking(self.customer, self.vendor)


def check_service(product: Product | None, product_id: str) -> Refused | None:
    """Why nothing can be booked of this."""
    if product is None:
        return Refused("not_found", f"There is no service {product_id}.", "product_id")
    if product.kind != "service":
        return Refused("bad_request", f"{product.name} is no service; order it.", "product_id")
    return None


def check_time(starts_at: datetime, now: datetime) -> Refused | None:
    """Why it cannot begin then."""
    if starts_at.tzinfo is None:
        return Refused("bad_request", "The time needs its offset from UTC.", "starts_at")
    if starts_at <= now:
        return Refused("bad_request", "The time is over already.", "starts_at")
    if starts_at > now + AHEAD_AT_MOST:
        return Refused("bad_request", "That is more than a year ahead.", "starts_at")
    return None


def ends(starts_at: datetime, product: Product) -> datetime:
    """When it is over."""
    return starts_at + timedelta(minutes=product.duration_min or DEFAULT_MIN)


def check_cancel(appointment: Appointment, now: datetime) -> Refused | None:
    """Why it cannot be cancelled any more."""
    if appointment.starts_at <= now:
        return Refused("conflict", "It has begun; it cannot be cancelled any more.")
    return None


def log_item(appointment: Appointment) -> dict[str, Any]:
    """The appointment as `vendor:{id}` carries it; `offset` and `channel` come with delivery."""
    return {
        "type": "appointment", "appointment": appointment.id, "status": appointment.status,
        "product": appointment.product, "customer": appointment.customer,
        "starts_ms": round(appointment.starts_at.timestamp() * 1000),
        "ends_ms": round(appointment.ends_at.timestamp() * 1000),
        "ts": round(appointment.updated_at.timestamp() * 1000),
    }
