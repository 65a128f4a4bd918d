"""Which app is this? Told by the form of what it sends, never by the name it gives itself. Pure."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from api.errors import Refused
from api.phones import features, fields, owntracks, records
from api.phones.reading import Sent

MOST_READINGS = 5000
MOST_FIELDS = 100
NOT_UNDERSTOOD = (
    "This is none of the forms understood here: query or form fields (Traccar Client, OsmAnd, GPSLogger), OwnTracks' "
    "JSON, Overland's locations, or records with latitude, longitude and timestamp."
)


def understand(query: str, body: bytes, received_ms: int, *, is_owntracks: bool = False) -> Sent | Refused:
    """What was sent, or why it cannot be understood. `is_owntracks`: only that app sends nothing and means it."""
    text = body.strip()
    if text[:1] in (b"{", b"["):
        try:
            said = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            return Refused("bad_request", f"The body is no JSON: {error}.")
        return _json(said)
    if not text and not query and is_owntracks:
        return Sent(form="owntracks")
    try:
        pairs = parse_qsl(query, max_num_fields=MOST_FIELDS) + parse_qsl(text.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        return Refused("bad_request", NOT_UNDERSTOOD)
    return fields.understand(dict(pairs), received_ms) if pairs else Refused("bad_request", NOT_UNDERSTOOD)


def _json(said: Any) -> Sent | Refused:
    if isinstance(said, list):
        return _batch(said, records)
    if "_type" in said:
        return owntracks.understand(said)
    for name in ("locations", "features"):
        if isinstance(said.get(name), list):
            return _batch(said[name], features)
    location = said.get("location")
    if isinstance(location, list):
        return _batch(location, records)
    if said.get("type") == "Feature":
        return features.understand([said])
    return records.understand([location if isinstance(location, dict) else said])


def _batch(parts: list[object], family: Any) -> Sent | Refused:
    if len(parts) > MOST_READINGS:
        return Refused("too_large", f"At most {MOST_READINGS} places in a request; this one has {len(parts)}.")
    understood: Sent | Refused = family.understand(parts)
    return understood
