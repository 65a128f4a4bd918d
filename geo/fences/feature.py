"""A fence from a GeoJSON Feature, as people and programs write them: refused with a reason, or repaired and said so.

Repaired are open rings, winding, doubled corners, self-crossings, altitudes, a seam at the 180° meridian, and more
corners than MOST_CORNERS. Refused are places off the globe, nothing, and what is larger than a metropolis.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import shapely

from geo.fences.events import FENCE_KINDS, Kind
from geo.fences.fence import Fence
from geo.fences.shape import LARGEST_M, METRES_A_DEGREE, Shape, area, circle

MOST_CORNERS, MOST_READ = 10_000, 250_000
SIMPLER_M = (1.0, 2.0, 5.0, 10.0)
POLAR_DEG = 85.0
MOST_NAME = 200
LEAST_AREA_M2 = 1.0
WIDEST_M = 2_000.0


class Wrong(Exception):
    """Why this cannot be a fence; `field` names the part at fault."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message, self.field = message, field


class Properties(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a Feature says of its fence beside the geometry. Others than these are not kept."""

    name: str
    kinds: tuple[Kind, ...] | None = None
    dwell_s: float | None = None
    radius_m: float | None = None
    width_m: float | None = None
    speed_limit_mps: float | None = None
    rider: str | None = None


class Read(msgspec.Struct, frozen=True):
    """The fence, its Feature as it is understood, and what had to be repaired, in words."""

    fence: Fence
    feature: dict[str, Any]
    repairs: tuple[str, ...]


def read(feature: Mapping[str, Any], fence_id: str) -> Read:
    """The fence this Feature means; raises Wrong."""
    if feature.get("type") != "Feature":
        raise Wrong("A fence is a GeoJSON Feature.", "type")
    geometry = feature.get("geometry")
    if not isinstance(geometry, Mapping):
        raise Wrong("The Feature has no geometry.", "geometry")
    said = _properties(feature.get("properties"))
    repairs: list[str] = []
    if said.rider is not None and geometry.get("type") != "Point":
        raise Wrong("Only a circle, a Point with `radius_m`, goes with a rider.", "properties.rider")
    shape, shown = _shape(geometry, said, repairs)
    fence = Fence(
        fence_id, shape, said.name, frozenset(said.kinds if said.kinds is not None else FENCE_KINDS),
        said.dwell_s, said.speed_limit_mps, said.rider,
    )
    plain = msgspec.json.decode(msgspec.json.encode(said))
    whole = {"type": "Feature", "id": fence_id, "geometry": shown, "properties": plain}
    return Read(fence, whole, tuple(dict.fromkeys(repairs)))


def _properties(given: Any) -> Properties:
    try:
        said = msgspec.convert(given, Properties)
    except msgspec.ValidationError as error:
        raise Wrong(f"The properties are wrong: {error}.", "properties") from error
    if not 1 <= len(said.name) <= MOST_NAME:
        raise Wrong(f"`name` has 1 to {MOST_NAME} characters.", "properties.name")
    if said.kinds is not None and (not said.kinds or set(said.kinds) - set(FENCE_KINDS)):
        raise Wrong(f"`kinds` are some of {', '.join(FENCE_KINDS)}.", "properties.kinds")
    if said.rider is not None and not 1 <= len(said.rider) <= MOST_NAME:
        raise Wrong(f"`rider` is a rider's id of 1 to {MOST_NAME} characters.", "properties.rider")
    bounds = {"dwell_s": (1, 604_800), "radius_m": (1, LARGEST_M / 4), "width_m": (1, WIDEST_M),
              "speed_limit_mps": (0.5, 100)}
    for name, (least, most) in bounds.items():
        value = getattr(said, name)
        if value is not None and not least <= value <= most:
            raise Wrong(f"`{name}` lies between {least:g} and {most:g}.", f"properties.{name}")
    return said


def _shape(geometry: Mapping[str, Any], said: Properties, repairs: list[str]) -> tuple[Shape, dict[str, Any]]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        if said.radius_m is None:
            raise Wrong("A Point needs `radius_m`.", "properties.radius_m")
        row = _row([coordinates], repairs)
        lng, lat = row[0].tolist()  # plain numbers: what is computed from them is stored
        return circle(lat, lng, said.radius_m), {"type": kind, "coordinates": _wrapped(row)[0]}
    if kind == "LineString":
        if said.width_m is None:
            raise Wrong("A LineString needs `width_m`.", "properties.width_m")
        row = _thinned(_row(coordinates, repairs))
        if len(row) < 2:
            raise Wrong("A LineString has two different points at least.", "geometry.coordinates")
        line = _simpler(shapely.LineString(row), repairs)
        shown = {"type": kind, "coordinates": _wrapped(shapely.get_coordinates(line))}
        return area(_checked(line), said.width_m / 2), shown
    if kind == "Polygon":
        return _polygons([coordinates], repairs)
    if kind == "MultiPolygon" and isinstance(coordinates, list):
        return _polygons(coordinates, repairs)
    raise Wrong("A fence is a Point, a LineString, a Polygon or a MultiPolygon.", "geometry.type")


def _polygons(parts: list[Any], repairs: list[str]) -> tuple[Shape, dict[str, Any]]:
    polygons = []
    first_lng: float | None = None
    for part in parts:
        if not isinstance(part, list) or not part:
            raise Wrong("A Polygon is a list of rings, the outer one first.", "geometry.coordinates")
        rings = [_ring(ring, repairs) for ring in part]
        for ring in rings:  # parts and holes on the other side of the 180° meridian come over to the first one
            first_lng = ring[0, 0] if first_lng is None else first_lng
            ring[:, 0] += 360.0 * round((first_lng - ring[0, 0]) / 360.0)
        if any(shapely.is_ccw(shapely.LinearRing(ring)) != (at == 0) for at, ring in enumerate(rings)):
            repairs.append("rings were wound the right way: outer ones counterclockwise, holes clockwise")
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    whole = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    if not shapely.is_valid(whole):
        repairs.append(f"the outline was untangled: {shapely.is_valid_reason(whole)}")
        whole = shapely.make_valid(whole, method="structure", keep_collapsed=False)
    whole = _simpler(whole, repairs)
    shape = None if shapely.is_empty(whole) else area(_checked(whole))
    if shape is None or shapely.area(shape.area) < LEAST_AREA_M2:
        raise Wrong("The polygon encloses nothing.", "geometry.coordinates")
    found = shapely.get_parts(shapely.orient_polygons(whole))
    shown = [[_wrapped(shapely.get_coordinates(ring)) for ring in (each.exterior, *each.interiors)] for each in found]
    if len(shown) == 1:
        return shape, {"type": "Polygon", "coordinates": shown[0]}
    return shape, {"type": "MultiPolygon", "coordinates": shown}


def _ring(given: Any, repairs: list[str]) -> Any:
    row = _row(given, repairs)
    if len(row) and (row[0] != row[-1]).any():
        repairs.append("an open ring was closed")
        row = np.vstack([row, row[:1]])
    row = _thinned(row)
    if len(row) < 4:
        raise Wrong("A ring has three different corners at least.", "geometry.coordinates")
    return row


def _row(given: Any, repairs: list[str]) -> Any:
    """Positions as an array of lng, lat, with longitudes going on over the 180° meridian."""
    if not isinstance(given, list) or not given:
        raise Wrong("Positions are missing.", "geometry.coordinates")
    if len(given) > MOST_READ:
        raise Wrong(f"More than {MOST_READ} corners are not read; simplify the shape.", "geometry.coordinates")
    try:
        row = np.array([position[:2] for position in given], dtype=np.float64).reshape(-1, 2)
        if any(isinstance(value, str | bool) for position in given for value in position):
            raise ValueError
    except (TypeError, ValueError, KeyError) as error:
        raise Wrong("A position is [longitude, latitude], both numbers.", "geometry.coordinates") from error
    if len(row) != len(given) or not np.isfinite(row).all():
        raise Wrong("A position is [longitude, latitude], both numbers.", "geometry.coordinates")
    if any(len(position) > 2 for position in given):
        repairs.append("altitudes were left out")
    if (abs(row[:, 0]) > 180.0).any() or (abs(row[:, 1]) > 90.0).any():
        hint = " They may stand the wrong way round." if (abs(row[:, 0]) <= 90.0).all() else ""
        raise Wrong(f"Longitudes lie within 180°, latitudes within 90°, in this order.{hint}", "geometry.coordinates")
    if (abs(row[:, 1]) > POLAR_DEG).any():
        raise Wrong(f"Beyond {POLAR_DEG:g}° north or south there are no fences.", "geometry.coordinates")
    jumps = np.round(np.diff(row[:, 0]) / 360.0)
    if jumps.any():
        repairs.append("it was taken to cross the 180° meridian, not to go round the globe")
        row[1:, 0] -= 360.0 * np.cumsum(jumps)
    return row


def _thinned(row: Any) -> Any:
    """Without corners that stand twice in a row."""
    return row[np.concatenate([[True], (np.diff(row, axis=0) != 0).any(axis=1)])]


def _simpler(shape: Any, repairs: list[str]) -> Any:
    """At most MOST_CORNERS corners, the line moved by as little as that takes."""
    corners = shapely.get_num_coordinates(shape)
    if corners <= MOST_CORNERS:
        return shape
    for by_m in SIMPLER_M:
        simple = shapely.simplify(shape, by_m / METRES_A_DEGREE)
        kept = shapely.get_num_coordinates(simple)
        if kept <= MOST_CORNERS:
            repairs.append(f"{corners} corners were simplified to {kept}, the line moved by {by_m:g} m at most")
            return simple
    raise Wrong(f"{corners} corners cannot be simplified to {MOST_CORNERS}.", "geometry.coordinates")


def _checked(shape: Any) -> Any:
    """The same shape, if it is not too large."""
    west, south, east, north = shapely.bounds(shape)
    if max(east - west, north - south) * METRES_A_DEGREE > LARGEST_M:
        raise Wrong(f"A fence is at most {LARGEST_M / 1000:g} km across.", "geometry.coordinates")
    return shape


def _wrapped(row: Any) -> list[list[float]]:
    """Positions with longitudes back within 180°."""
    lngs = row[:, 0]
    row = np.stack([np.where(abs(lngs) > 180.0, (lngs + 180.0) % 360.0 - 180.0, lngs), row[:, 1]], axis=1)
    listed: list[list[float]] = row.round(7).tolist()
    return listed
