"""OwnTracks over HTTP: one JSON object a request, told apart by `_type`. Pure.

Everything but a place is taken and left alone: an app that is told no keeps asking (Android) or throws away (iOS).
"""

from collections.abc import Mapping
from typing import Any

from api.errors import Refused
from api.phones.reading import KMH_MPS, Sent, instant, reading, share

ENCRYPTED = "The message is encrypted and cannot be read here: switch encryption off in OwnTracks; https protects it."


def understand(said: Mapping[str, Any]) -> Sent | Refused:
    """The place of a `location`; an empty Sent for the other types."""
    if said.get("_type") == "encrypted":
        return Refused("bad_request", ENCRYPTED)
    if said.get("_type") != "location":
        return Sent(form="owntracks")
    place = reading(
        said.get("lat"), said.get("lon"), instant(said.get("tst")), accuracy=said.get("acc"), speed=said.get("vel"),
        speed_unit=KMH_MPS, heading=said.get("cog"), altitude=said.get("alt"),
    )
    if place is None:
        return Refused("bad_request", "A location has `lat`, `lon` and `tst`, all of them numbers.")
    return Sent(form="owntracks", readings=(place,), battery=share(said.get("batt"), 100))
