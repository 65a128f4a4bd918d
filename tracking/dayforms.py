"""A rider's day in the forms other programs read: CSV for a sheet, GPX and GeoJSON for a map. Pure."""

import csv
import io
from typing import Any

import gpxpy.gpx

from tracking.day import Points, Segment
from tracking.export import at, rfc3339

COLUMNS = ("kind", "from", "to", "duration_s", "distance_m", "silent_s", "lat", "lng")


def as_csv(segments: list[Segment]) -> str:
    """One line a segment under a line of names; RFC 4180."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for each in segments:
        rows.writerow((
            each.kind, rfc3339(each.from_ms), rfc3339(each.to_ms), round(each.duration_s), round(each.distance_m),
            round(each.silent_s), round(each.lat, 6), round(each.lng, 6),
        ))
    return text.getvalue()


def as_geojson(rider: str, segments: list[Segment], points: Points) -> dict[str, Any]:
    """A FeatureCollection: a Point for each stop, for each trip its line with the `times` of its fixes."""
    return {"type": "FeatureCollection", "features": [_feature(rider, each, points) for each in segments]}


def as_gpx(rider: str, segments: list[Segment], points: Points) -> str:
    """GPX 1.1: a waypoint for each stop, one track with a segment for each trip."""
    document = gpxpy.gpx.GPX()
    document.creator = "Ridewire"
    track = gpxpy.gpx.GPXTrack(name=rider)
    for each in segments:
        if each.kind == "stop":
            name = f"{round(each.duration_s / 60)} min"
            document.waypoints.append(gpxpy.gpx.GPXWaypoint(each.lat, each.lng, time=at(each.from_ms), name=name))
            continue
        part = gpxpy.gpx.GPXTrackSegment()
        part.points = [
            gpxpy.gpx.GPXTrackPoint(point.lat, point.lng, elevation=point.altitude, time=at(point.ts))
            for point in points[each.first:each.last + 1]
        ]
        track.segments.append(part)
    document.tracks.append(track)
    text: str = document.to_xml(version="1.1")
    return text


def _feature(rider: str, each: Segment, points: Points) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "rider": rider, "kind": each.kind, "from": rfc3339(each.from_ms), "to": rfc3339(each.to_ms),
        "duration_s": round(each.duration_s), "distance_m": round(each.distance_m), "silent_s": round(each.silent_s),
    }
    if each.kind == "stop":
        return _as_feature({"type": "Point", "coordinates": [each.lng, each.lat]}, properties)
    inside = points[each.first:each.last + 1]
    line = {"type": "LineString", "coordinates": [[point.lng, point.lat] for point in inside]}
    return _as_feature(line, properties | {"times": [rfc3339(point.ts) for point in inside]})


def _as_feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
