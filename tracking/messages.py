"""What riders report and what watchers are shown, as bounded wire types. Units: degrees, metres, m/s, ms UTC."""

import msgspec

MAX_POINTS = 200


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One GPS fix as the phone sent it. acceptance.py judges ranges, so that a bad point refuses itself only."""

    seq: int
    ts: int
    lat: float
    lng: float
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None


class Fix(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An accepted point with its rider: what `now` holds, what travels between processes and to watchers."""

    rider: str
    lat: float
    lng: float
    ts: int
    received: int
    seq: int
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None


class LocationReport(msgspec.Struct, frozen=True, tag_field="type", tag="location.report", forbid_unknown_fields=True):
    """One phone's points: any order, late or doubled. `oldest` (ours): the lowest seq the phone still holds."""

    id: int
    points: list[Point]
    battery: float | None = None
    health: dict[str, str | bool | float] | None = None
    oldest: int | None = None
