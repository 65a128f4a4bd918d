"""What a phone app says, whatever its form: places with their times in our units, and how full the battery is. Pure.

A place needs latitude, longitude and time. What else is said and makes no sense (-1 for unknown, text) counts as
unsaid, so that it never costs the place.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

Form = Literal["fields", "owntracks", "features", "records"]
MS_FROM = 1e11  # in seconds that is the year 5138, in milliseconds 1973
LAST_MS = 253_402_300_799_000  # the end of the year 9999
KNOT_MPS = 1852 / 3600
KMH_MPS = 1 / 3.6


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One place: degrees, epoch milliseconds, metres, metres per second."""

    ts: int
    lat: float
    lng: float
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What one request held. No reading at all is a sign of life. `unclear`: parts that say no place or no time."""

    form: Form
    readings: tuple[Reading, ...] = ()
    battery: float | None = None
    unclear: int = 0


def number(value: object) -> float | None:
    """A finite number, or text that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def instant(value: object) -> int | None:
    """Epoch milliseconds from seconds, milliseconds, ISO 8601 or `2026-11-21 10:00:00` (UTC)."""
    said = number(value)
    try:
        if said is not None:
            ms = round(said if abs(said) >= MS_FROM else said * 1000)
        elif isinstance(value, str):
            at = datetime.fromisoformat(value.strip())
            ms = round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return ms if 0 <= ms <= LAST_MS else None


def first(said: Mapping[str, Any], *names: str) -> Any:
    """What stands under the first of the names that is there."""
    return next((said[name] for name in names if said.get(name) not in (None, "")), None)


def amount(value: object, factor: float = 1.0) -> float | None:
    """A number of zero or more in our unit; anything else is unknown."""
    found = number(value)
    return None if found is None or found < 0 else found * factor


def share(value: object, whole: float) -> float | None:
    """A battery's charge from 0 to 1, said in parts of `whole`."""
    found = amount(value, 1 / whole)
    return found if found is not None and found <= 1 else None


def reading(
    lat: object, lng: object, ts: int | None, *, accuracy: object = None, speed: object = None,
    speed_unit: float = 1.0, heading: object = None, altitude: object = None,
) -> Reading | None:
    """The place, or None when it says not where or not when."""
    north, east = number(lat), number(lng)
    if north is None or east is None or ts is None:
        return None
    course = amount(heading)
    return Reading(
        ts=ts, lat=north, lng=east, accuracy=amount(accuracy), speed=amount(speed, speed_unit),
        heading=course if course is not None and course <= 360 else None, altitude=number(altitude),
    )
