"""A track in the forms other programs read: GeoJSON with times, GPX 1.1, Google's encoded polyline. Pure."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gpxpy.gpx
import polyline

from tracking.state import KeptPoint

if TYPE_CHECKING:
    from city.match import Matched

POLYLINE_DIGITS, DIGITS = 5, 7


def at(ts_ms: int) -> datetime:
    """The instant as Python has it, UTC."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC)


def rfc3339(ts_ms: int) -> str:
    """The instant as REST writes it, to the millisecond."""
    return at(ts_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def geojson(rider: str, points: list[KeptPoint]) -> dict[str, Any]:
    """A Feature: a LineString (one point: a Point, none: null) with `times` beside each coordinate."""
    spots = [
        [point.lng, point.lat] if point.altitude is None else [point.lng, point.lat, point.altitude] for point in points
    ]
    geometry: dict[str, Any] | None = None
    if len(spots) > 1:
        geometry = {"type": "LineString", "coordinates": spots}
    elif spots:
        geometry = {"type": "Point", "coordinates": spots[0]}
    properties = {
        "rider": rider,
        "times": [rfc3339(point.ts) for point in points],
        "seqs": [point.seq for point in points],
        "accuracies_m": [point.accuracy for point in points],
        "speeds_mps": [point.speed for point in points],
        "headings_deg": [point.heading for point in points],
    }
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def snapped(raw: dict[str, Any], matched: "Matched | None") -> dict[str, Any]:
    """A FeatureCollection: the track as it was reported (`kind`: `raw`) and as streets have it (`snapped`).

    `places` of the snapped one stand beside the raw coordinates, null where no street was near; without streets its
    geometry is null.
    """
    raw = raw | {"properties": {"kind": "raw"} | raw["properties"]}
    geometry: dict[str, Any] | None = None
    properties: dict[str, Any] = {"kind": "snapped", "matched": 0}
    if matched is not None:
        lines = [[[round(lng, DIGITS), round(lat, DIGITS)] for lat, lng in way] for way in matched.ways if len(way) > 1]
        geometry = {"type": "MultiLineString", "coordinates": lines} if lines else None
        at = matched.places
        properties |= {
            "matched": sum(place is not None for place in at),
            "places": [place and [round(place.lng, DIGITS), round(place.lat, DIGITS)] for place in at],
            "off_m": [place and round(place.off_m, 1) for place in at],
            "streets": [place and place.street for place in at],
        }
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    return {"type": "FeatureCollection", "features": [raw, feature]}


def gpx(rider: str, points: list[KeptPoint]) -> str:
    """A GPX 1.1 document with one track of one segment."""
    document = gpxpy.gpx.GPX()
    document.creator = "Ridewire"
    track = gpxpy.gpx.GPXTrack(name=rider)
    segment = gpxpy.gpx.GPXTrackSegment()
    segment.points = [
        gpxpy.gpx.GPXTrackPoint(point.lat, point.lng, elevation=point.altitude, time=at(point.ts)) for point in points
    ]
    track.segments.append(segment)
    document.tracks.append(track)
    text: str = document.to_xml(version="1.1")
    return text


def encoded(rider: str, points: list[KeptPoint]) -> dict[str, Any]:
    """The line as an encoded polyline of 5 decimals (1.1 m), with the first and the last instant."""
    return {
        "rider": rider,
        # the library has no line of no points
        "polyline": polyline.encode([(each.lat, each.lng) for each in points], POLYLINE_DIGITS) if points else "",
        "precision": POLYLINE_DIGITS,
        "points": len(points),
        "from": rfc3339(points[0].ts) if points else None,
        "to": rfc3339(points[-1].ts) if points else None,
    }
