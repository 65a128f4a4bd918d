"""Trips from GeoJSON: LineString Features with a time for each point, as our own track export writes them.

A trip of one point is a Point: GeoJSON knows no line that short.
"""

import json
from collections.abc import Iterator
from typing import Any

from api.replay.trip import BadTrip, Trip, TripPoint, read_degrees, read_time

TIMES = ("times", "coordTimes", "timestamps")


def read(file: str, text: str) -> Iterator[Trip]:
    """The trips of a Feature or FeatureCollection; raises BadTrip."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTrip(file, f"not JSON: {error}", line=getattr(error, "lineno", 0)) from error
    features = document.get("features", [document]) if isinstance(document, dict) else []
    for number, feature in enumerate(features, 1):
        try:
            yield _trip(feature, f"feature {number}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadTrip(file, f"feature {number} is not a LineString with times: {error!r}") from error


def _trip(feature: dict[str, Any], unnamed: str) -> Trip:
    """One Feature; raises what reading raises."""
    shape, properties = feature["geometry"], feature.get("properties") or {}
    if shape["type"] not in ("LineString", "Point"):
        raise ValueError(f"its geometry is a {shape['type']}")
    spots = shape["coordinates"] if shape["type"] == "LineString" else [shape["coordinates"]]
    times = next((properties[name] for name in TIMES if name in properties), None)
    if times is None:
        raise ValueError(f"its properties have none of {', '.join(TIMES)}")
    if len(times) != len(spots):
        raise ValueError(f"{len(times)} times for {len(spots)} points")
    points = [
        TripPoint(read_time(str(when)), read_degrees(str(spot[1]), 90), read_degrees(str(spot[0]), 180))
        for when, spot in zip(times, spots, strict=True)
    ]
    if not points:
        raise ValueError("it has no points")
    return Trip(str(properties.get("name") or properties.get("rider") or unnamed), points).in_order()
