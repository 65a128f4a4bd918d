"""The sea, which OpenStreetMap draws only as a coastline: land on the left of the line, water on its right. Pure."""

from collections.abc import Sequence

from shapely import LineString, Point, Polygon, STRtree, box, unary_union
from shapely.ops import polygonize

Box = tuple[float, float, float, float]
ASIDE = 1e-6  # degrees, about 10 cm: far enough to be inside, near enough to be beside the line


def surfaces(coastline: Sequence[LineString], bounds: Box) -> list[Polygon]:
    """The parts of the box (south, west, north, east) that are sea. A coastline with holes gives nothing."""
    south, west, north, east = bounds
    frame = box(west, south, east, north)
    inside = [line.intersection(frame) for line in coastline if line.intersects(frame)]
    if not inside:
        return []
    faces = list(polygonize(unary_union([frame.boundary, *inside])))
    segments = [
        (start, end) for line in coastline for start, end in zip(line.coords[:-1], line.coords[1:], strict=True)
    ]
    tree = STRtree([LineString(segment) for segment in segments])
    return [face for face in faces if _is_sea(face, [segments[at] for at in tree.query(face, predicate="intersects")])]


def _is_sea(face: Polygon, segments: Sequence[tuple[tuple[float, ...], tuple[float, ...]]]) -> bool:
    """Whether coastline runs along the face with its right side towards it, more often than its left."""
    votes = 0
    for (x1, y1), (x2, y2) in segments:
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        if length == 0:
            continue
        right = (y2 - y1) / length * ASIDE, (x1 - x2) / length * ASIDE
        middle = (x1 + x2) / 2, (y1 + y2) / 2
        votes += face.contains(Point(middle[0] + right[0], middle[1] + right[1]))
        votes -= face.contains(Point(middle[0] - right[0], middle[1] - right[1]))
    return votes > 0
