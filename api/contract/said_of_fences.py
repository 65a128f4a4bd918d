"""What the server says about fences; see said.py."""

from typing import Literal

from msgspec import UNSET, UnsetType

from api.contract.words import Instant, Latitude, Longitude, Offset, Said


class FenceAlert(Said, tag="geofence"):
    """A log item: a rider came to or went from a fence, or nearer to an order's stop. Known by `event_id`, told once.

    `ts` is when the edge was crossed. `late`: it became known from points that came late. `fence` is a fence's id, or
    for a step of arrival `pickup:` or `dropoff:` with `near` (500 m), `arriving` (100 m) or `door` (40 m), and then the
    place is the stop's; or `route:pickup` or `route:dropoff` for a rider who leaves the way there or is back on it.
    """

    event_id: str
    fence: str
    kind: Literal["enter", "exit", "dwell", "cross", "speeding", "off_route", "back_on_route"]
    rider: str
    ts: Instant
    lat: Latitude
    lng: Longitude
    late: bool
    name: str | UnsetType = UNSET
    order: str | UnsetType = UNSET
    speed_mps: float | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    offset: Offset | UnsetType = UNSET


class FenceChanged(Said, tag="fence.changed"):
    """On `ops`: a fence was drawn, changed or deleted; `GET /api/geofences/{fence}` has it as it is, or 404."""

    fence: str
    channel: str | UnsetType = UNSET
