"""Which OpenStreetMap ways a delivery rider may take, how fast, and which way. A table and pure functions of tags."""

import re
from collections.abc import Mapping

import msgspec

KMH = 1 / 3.6
SLOWEST_MPS = 5 * KMH
FASTEST_MPS = 130 * KMH

# Index in this tuple is the class number stored with a street; speeds are what a motor scooter keeps on a free road.
CLASSES: tuple[tuple[str, float], ...] = (
    ("motorway", 90.0),
    ("trunk", 70.0),
    ("primary", 50.0),
    ("secondary", 45.0),
    ("tertiary", 40.0),
    ("unclassified", 35.0),
    ("residential", 30.0),
    ("living_street", 12.0),
    ("service", 18.0),
)
NUMBER = {name: number for number, (name, _) in enumerate(CLASSES)}
ALIASES = {
    "motorway_link": "motorway",
    "trunk_link": "trunk",
    "primary_link": "primary",
    "secondary_link": "secondary",
    "tertiary_link": "tertiary",
    "road": "unclassified",
}
LINK_SHARE = 0.6  # a slip road is driven slower than the road it serves
CLOSED = frozenset({"no", "private", "agricultural", "forestry", "military"})
OPEN = frozenset({"yes", "designated", "permissive", "destination", "delivery", "customers"})
ACCESS_KEYS = ("motorcycle", "motor_vehicle", "vehicle", "access")  # the most particular one wins
PARKING = frozenset({"parking_aisle", "drive-through", "emergency_access"})
_SPEED = re.compile(r"^\s*(\d{1,3}(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?\s*$")


class Road(msgspec.Struct, frozen=True):
    """A way a rider may take. `kind` indexes CLASSES; `oneway` is 1 along the way, -1 against it, 0 both."""

    kind: int
    speed_mps: float
    oneway: int
    name: str
    tunnel: bool


def read(tags: Mapping[str, str]) -> Road | None:
    """The road these tags describe, or None where a rider may not go."""
    highway = tags.get("highway", "").split(";")[0]
    name = ALIASES.get(highway, highway)
    kind = NUMBER.get(name)
    if kind is None or not _may_enter(tags) or tags.get("area") == "yes" or tags.get("service") in PARKING:
        return None
    free_mps = CLASSES[kind][1] * KMH * (LINK_SHARE if highway.endswith("_link") else 1.0)
    limit_mps = _limit_mps(tags.get("maxspeed", ""))
    speed_mps = free_mps if limit_mps is None else min(limit_mps, max(free_mps, 0.9 * limit_mps))
    return Road(
        kind=kind,
        speed_mps=min(max(speed_mps, SLOWEST_MPS), FASTEST_MPS),
        oneway=_oneway(tags, highway),
        name=tags.get("name") or tags.get("ref", "").replace(";", " / "),
        tunnel=tags.get("tunnel", "no") not in ("no", "culvert"),
    )


def _may_enter(tags: Mapping[str, str]) -> bool:
    for key in ACCESS_KEYS:
        value = tags.get(key)
        if value in OPEN:
            return True
        if value in CLOSED:
            return False
    return True


def _oneway(tags: Mapping[str, str], highway: str) -> int:
    value = tags.get("oneway", "")
    if value in ("-1", "reverse"):
        return -1
    if value in ("yes", "true", "1"):
        return 1
    if value in ("no", "false", "0"):
        return 0
    return 1 if tags.get("junction") in ("roundabout", "circular") or highway in ("motorway", "motorway_link") else 0


def _limit_mps(text: str) -> float | None:
    """`50`, `30 mph` or nothing; words such as `walk` or `none` are left to the class speed."""
    match = _SPEED.match(text)
    if match is None or float(match[1]) == 0:
        return None
    return float(match[1]) * (1.609344 * KMH if match[2] == "mph" else KMH)
