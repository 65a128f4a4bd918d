"""Names and values in a query string or a form: Traccar Client (8 and older, 10 and newer), OsmAnd, GPSLogger. Pure.

`speed` is in knots, as Traccar's protocol has it; `speed_mps` and `speed_kmh` are for apps whose address one writes
oneself. A request that names a device or a time and no place is a heartbeat.
"""

from collections.abc import Mapping

from api.errors import Refused
from api.phones.reading import KMH_MPS, KNOT_MPS, Reading, Sent, first, instant, reading, share

HEARTBEAT = ("id", "deviceid", "device_id", "timestamp", "batt", "charge", "notificationToken", "alarm")
SPEEDS = (("speed", KNOT_MPS), ("speed_mps", 1.0), ("speed_kmh", KMH_MPS))
NO = ("false", "0", "f")


def understand(said: Mapping[str, str], received_ms: int) -> Sent | Refused:
    """The place in these fields, or a heartbeat, or why it is neither."""
    lat, lng = first(said, "lat", "latitude"), first(said, "lon", "lng", "longitude")
    if lat is None and lng is None and "," in said.get("location", ""):
        lat, lng = said["location"].split(",", 1)
    battery = share(first(said, "batt", "battery"), 100)
    if lat is None and lng is None:
        if any(name in said for name in HEARTBEAT):
            return Sent(form="fields", battery=battery)
        return Refused("bad_request", "There is no place here: send lat, lon and timestamp as query or form fields.")
    when = first(said, "timestamp", "time", "ts", "tst")
    ts = received_ms if when is None else instant(when)
    if ts is None:
        wanted = "seconds or milliseconds since 1970, or ISO 8601"
        return Refused("bad_request", f"`timestamp` is {wanted}, not {when[:40]!r}.", "timestamp")
    place = _place(said, lat, lng, ts)
    if place is None:
        return Refused("bad_request", "`lat` and `lon` are degrees, as decimal numbers.", "lat")
    is_valid = said.get("valid", "").lower() not in NO
    return Sent(form="fields", readings=(place,) if is_valid else (), battery=battery)


def _place(said: Mapping[str, str], lat: object, lng: object, ts: int) -> Reading | None:
    speed, unit = next(((said[name], unit) for name, unit in SPEEDS if said.get(name)), (None, 1.0))
    return reading(
        lat, lng, ts, accuracy=first(said, "accuracy", "acc"), speed=speed, speed_unit=unit,
        heading=first(said, "bearing", "heading", "dir"), altitude=first(said, "altitude", "alt"),
    )
