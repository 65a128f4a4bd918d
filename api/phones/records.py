"""JSON records of one place each: Traccar Client 9, other apps on the background-geolocation SDK, couriers' own. Pure.

A place stands in the record itself, in its `coords` or in its `pt`. Speeds are metres per second; -1 is unknown.
"""

from collections.abc import Sequence
from typing import Any

from api.errors import Refused
from api.phones.reading import Reading, Sent, first, instant, reading, share


def understand(records: Sequence[object]) -> Sent | Refused:
    """All places of the records. One that cannot be understood is left out: the others must not wait for it."""
    found = [_place(record) for record in records]
    places = tuple(each for each in found if each is not None)
    if records and not places:
        return Refused("bad_request", "Not one of the records has latitude, longitude and timestamp.")
    battery = _battery(records[-1]) if records else None
    return Sent(form="records", readings=places, battery=battery, unclear=len(found) - len(places))


def _place(record: Any) -> Reading | None:
    if not isinstance(record, dict):
        return None
    inner = next((record[name] for name in ("coords", "pt") if isinstance(record.get(name), dict)), record)
    said = record | inner
    return reading(
        first(said, "latitude", "lat"), first(said, "longitude", "lng", "lon"),
        instant(first(said, "timestamp", "time", "ts")), accuracy=first(said, "accuracy", "acc"),
        speed=first(said, "speed", "v"), heading=first(said, "heading", "bearing", "bear"),
        altitude=first(said, "altitude", "alt"),
    )


def _battery(record: Any) -> float | None:
    said = record.get("battery") if isinstance(record, dict) else None
    return share(said.get("level") if isinstance(said, dict) else said, 1)
