"""Which event for the workers a fence's word is, and what it tells. Pure: `alerts.py` writes it with the alert."""

from collections.abc import Mapping
from typing import Any

from geo.fences.events import Event
from geo.fences.stops import STEPS

WITHIN_M = {name: round(within_m) for name, within_m in STEPS}
PLACES = {"pickup": "shop", "dropoff": "door"}


def told(event: Event, name: str, order: Mapping[str, Any] | None) -> tuple[str, dict[str, Any]] | None:
    """The event's type and data; None for what is no news for workers. `order` has the people of the event's order."""
    stop, _, step = event.fence.partition(":")
    if event.order is not None and event.kind == "enter" and stop in PLACES and step in WITHIN_M:
        if order is None:
            return None
        return "RIDER_ARRIVING", {
            "orderId": event.order, "riderId": event.rider, "userId": order["customer"], "farmerId": order["vendor"],
            "place": PLACES[stop], "withinM": WITHIN_M[step], "at": event.ts,
        }
    if event.late or event.kind not in ("enter", "exit") or event.order is not None:
        return None
    about = {"fenceId": event.fence, "riderId": event.rider, "name": name, "at": event.ts}
    return f"GEOFENCE_{event.kind.upper()}", about
