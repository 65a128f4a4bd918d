"""What an activity batch may hold, and what is kept of it. Addresses are cut so that no household is told apart."""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal

import msgspec

from api.errors import Refused
from api.orders.shapes import Body

MOST_EVENTS = 100
LATE, EARLY = timedelta(days=1), timedelta(minutes=1)
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[\w.:/ -]+$", examples=["search"])]
Action = Literal["product_view", "search", "add_to_cart", "remove_from_cart", "checkout", "page_view", "click"]


class Metadata(Body, frozen=True):
    """How long it took, in seconds, and where it came from."""

    duration: Annotated[float, msgspec.Meta(ge=0, le=86_400)] | None = None
    source: Label | None = None


class ActivityEvent(Body, frozen=True):
    """Something somebody did."""

    action: Action
    timestamp: datetime
    product_id: Label | None = None
    metadata: Metadata | None = None


class Device(Body, frozen=True):
    """What it was done with."""

    browser: Label | None = None
    os: Label | None = None


class Batch(Body, frozen=True):
    """What was done in one session since the batch before."""

    session_id: Label
    events: Annotated[list[ActivityEvent], msgspec.Meta(min_length=1, max_length=MOST_EVENTS)]
    device_info: Device | None = None


def check_batch(batch: Batch, now: datetime) -> Refused | None:
    """Why it is not kept; None when it is."""
    for event in batch.events:
        if event.timestamp.tzinfo is None:
            return Refused("bad_request", "A timestamp needs its offset from UTC.", "events.timestamp")
        if not now - LATE <= event.timestamp <= now + EARLY:
            return Refused("bad_request", "An event is reported within a day, and not before.", "events.timestamp")
    return None


def truncated(address: str) -> str:
    """The network an address is in: 256 of the old addresses, or a site of the new ones; empty for no address."""
    try:
        bits = 24 if ip_address(address).version == 4 else 48
        return str(ip_network(f"{address}/{bits}", strict=False).network_address)
    except ValueError:
        return ""


def document(batch: Batch, user: str, role: str, address: str, now: datetime) -> dict[str, Any]:
    """The batch as it is kept."""
    told: list[dict[str, Any]] = msgspec.to_builtins(batch.events, builtin_types=(datetime,))
    events = [{name: value for name, value in each.items() if value is not None} for each in told]
    told_device = batch.device_info or Device()
    device = {"browser": told_device.browser, "os": told_device.os, "ip": truncated(address)}
    return {
        "user_id": user, "role": role, "session_id": batch.session_id, "events": events, "device_info": device,
        "at": now,
    }
