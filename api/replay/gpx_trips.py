"""Trips from GPX: every track segment and every route whose points have times."""

from collections.abc import Iterator

import gpxpy
from gpxpy.gpx import GPXException

from api.replay.trip import BadTrip, Trip, TripPoint


def read(file: str, text: str) -> Iterator[Trip]:
    """The trips of a GPX document; raises BadTrip."""
    try:
        document = gpxpy.parse(text)
    except GPXException as error:
        raise BadTrip(file, f"not GPX: {error}") from error
    for number, track in enumerate(document.tracks, 1):
        for part, segment in enumerate(track.segments, 1):
            name = f"{track.name or f'track {number}'}{f' part {part}' if len(track.segments) > 1 else ''}"
            points = [_point(file, name, n, point) for n, point in enumerate(segment.points, 1)]
            if points:
                yield Trip(name, points).in_order()


def _point(file: str, name: str, number: int, point: "gpxpy.gpx.GPXTrackPoint") -> TripPoint:
    if point.time is None:
        raise BadTrip(file, f"point {number} of {name!r} has no time; a replay needs to know when it was there")
    more = {
        name: float(value)
        for name, value in (("altitude", point.elevation), ("speed", point.speed), ("heading", point.course))
        if value is not None
    }
    return TripPoint(point.time.timestamp(), point.latitude, point.longitude, more)
