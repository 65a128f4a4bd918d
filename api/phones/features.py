"""GeoJSON points in a batch, as Overland sends them: `{"locations": [Feature, …]}`, or a FeatureCollection. Pure."""

from collections.abc import Sequence
from typing import Any

from api.errors import Refused
from api.phones.reading import Reading, Sent, first, instant, reading, share


def understand(features: Sequence[object]) -> Sent | Refused:
    """All places of the batch. One that cannot be understood is left out: the others must not wait for it."""
    found = [_place(feature) for feature in features]
    places = tuple(each for each in found if each is not None)
    if features and not places:
        return Refused("bad_request", "Not one of the locations is a GeoJSON point with a `timestamp`.", "locations")
    last = features[-1] if features else {}
    said = last.get("properties") if isinstance(last, dict) else None
    battery = share(said.get("battery_level"), 1) if isinstance(said, dict) else None
    return Sent(form="features", readings=places, battery=battery, unclear=len(found) - len(places))


def _place(feature: Any) -> Reading | None:
    if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict):
        return None
    spot, said = feature["geometry"].get("coordinates"), feature.get("properties")
    if not isinstance(spot, list) or len(spot) < 2 or not isinstance(said, dict):
        return None
    height = first(said, "altitude")
    return reading(
        spot[1], spot[0], instant(first(said, "timestamp", "time")),
        accuracy=first(said, "horizontal_accuracy", "accuracy"), speed=said.get("speed"),
        heading=first(said, "course", "heading", "bearing"),
        altitude=height if height is not None else (spot[2] if len(spot) > 2 else None),
    )
