"""What of an OpenStreetMap object goes on the map: which layer, from which zoom, with which properties. Tables, no I/O.

Layer and property names are those of OpenMapTiles, so that styles made for it fit.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

Tags = Mapping[str, str]
Properties = dict[str, str | int | float]

# The keys worth looking at; everything else is skipped while still in C++.
KEYS = (
    "highway", "railway", "waterway", "natural", "landuse", "leisure", "building", "place", "boundary", "aeroway",
    "amenity",
)  # fmt: skip
ROADS = {
    "motorway": ("motorway", 4), "trunk": ("trunk", 6), "primary": ("primary", 8), "secondary": ("secondary", 9),
    "tertiary": ("tertiary", 11), "unclassified": ("minor", 12), "residential": ("minor", 12), "road": ("minor", 12),
    "living_street": ("minor", 13), "service": ("service", 13), "track": ("track", 13), "pedestrian": ("path", 13),
    "path": ("path", 14), "footway": ("path", 14), "cycleway": ("path", 14), "bridleway": ("path", 14),
    "steps": ("path", 14), "raceway": ("raceway", 13),
}  # fmt: skip
RAILS = {"rail": ("rail", 9), "light_rail": ("transit", 11), "subway": ("transit", 12), "tram": ("transit", 13)}
WATERWAYS = {"river": 8, "canal": 10, "stream": 13, "drain": 13, "ditch": 14}
LANDCOVER = {
    "wood": "wood", "forest": "wood", "grass": "grass", "grassland": "grass", "meadow": "grass", "heath": "grass",
    "scrub": "grass", "village_green": "grass", "recreation_ground": "grass", "farmland": "farmland",
    "orchard": "farmland", "vineyard": "farmland", "sand": "sand", "beach": "sand", "wetland": "wetland",
    "bare_rock": "rock", "glacier": "ice",
}  # fmt: skip
LANDUSE = frozenset({"residential", "commercial", "industrial", "retail", "cemetery", "military", "railway", "quarry"})
AMENITIES = frozenset({"school", "university", "hospital"})
GREENS = frozenset({"park", "garden", "nature_reserve", "golf_course"})
BASINS = frozenset({"reservoir", "basin"})
PLACES = {
    "city": 4, "town": 7, "village": 10, "suburb": 11, "borough": 11, "quarter": 12, "hamlet": 12, "neighbourhood": 13,
    "island": 10,
}  # fmt: skip
BORDER_ZOOMS = {"2": 0, "4": 4, "6": 8, "8": 11}
NAME_ZOOMS = {"motorway": 11, "trunk": 11, "primary": 12, "secondary": 12, "tertiary": 13}
METRES_PER_LEVEL = 3.2
_WHOLE = re.compile(r"-?[0-9]{1,2}")


class Feature(NamedTuple):
    """One feature for the tile builder."""

    layer: str
    min_zoom: int
    properties: Properties


def of_line(tags: Tags) -> list[Feature]:
    """What a way shows as a line: a street and its name, a railway, a river, a border, a runway."""
    highway = tags.get("highway", "").split(";")[0]
    road = ROADS.get(highway.removesuffix("_link"))
    if road is not None and tags.get("area") != "yes":
        return _street(tags, road, ramp=highway.endswith("_link"))
    rail = RAILS.get(tags.get("railway", ""))
    if rail is not None:
        return [Feature("transportation", rail[1], {"class": rail[0], **_level(tags)})]
    waterway = tags.get("waterway", "")
    if waterway in WATERWAYS:
        return [Feature("waterway", WATERWAYS[waterway], {"class": waterway, **_names(tags), **_level(tags)})]
    level = tags.get("admin_level", "")
    if tags.get("boundary") == "administrative" and level in BORDER_ZOOMS:
        return [Feature("boundary", BORDER_ZOOMS[level], {"admin_level": int(level)})]
    if tags.get("aeroway") in ("runway", "taxiway"):
        return [Feature("aeroway", 11, {"class": tags["aeroway"]})]
    return []


def of_area(tags: Tags) -> Feature | None:
    """What a closed way or multipolygon shows as a surface; the first that fits, water before land before houses."""
    natural, landuse, leisure = tags.get("natural", ""), tags.get("landuse", ""), tags.get("leisure", "")
    if natural == "water" or landuse in BASINS or tags.get("waterway") in ("riverbank", "dock"):
        kind = "river" if tags.get("water") == "river" or tags.get("waterway") == "riverbank" else "lake"
        return Feature("water", 6, {"class": kind})
    if tags.get("building", "no") != "no":
        return Feature("building", 13, _height(tags))
    if leisure in GREENS or tags.get("boundary") == "national_park":
        return Feature("park", 9, {"class": leisure or "national_park", **_names(tags)})
    cover = LANDCOVER.get(natural) or LANDCOVER.get(landuse)
    if cover is not None:
        return Feature("landcover", 9, {"class": cover})
    if landuse in LANDUSE or tags.get("amenity") in AMENITIES:
        return Feature("landuse", 9, {"class": landuse if landuse in LANDUSE else tags["amenity"]})
    if tags.get("aeroway") in ("aerodrome", "apron"):
        return Feature("aeroway", 10, {"class": tags["aeroway"]})
    return None


def of_point(tags: Tags) -> Feature | None:
    """What a node shows: the name of a place."""
    place = tags.get("place", "")
    if place not in PLACES or "name" not in tags:
        return None
    return Feature("place", PLACES[place], {"class": place, **_names(tags)})


def _street(tags: Tags, road: tuple[str, int], *, ramp: bool) -> list[Feature]:
    kind, zoom = road
    properties: Properties = {"class": kind, **_level(tags)}
    if tags.get("oneway") in ("yes", "1", "true", "-1"):
        properties["oneway"] = -1 if tags["oneway"] == "-1" else 1
    if ramp:
        properties["ramp"] = 1
    shown = [Feature("transportation", zoom + 1 if ramp else zoom, properties)]
    if "name" in tags or "ref" in tags:
        named: Properties = {"class": kind, **_names(tags)}
        if "ref" in tags:
            named |= {"ref": tags["ref"], "ref_length": len(tags["ref"])}
        shown.append(Feature("transportation_name", NAME_ZOOMS.get(kind, 14), named))
    return shown


def _level(tags: Tags) -> Properties:
    """Bridge, tunnel or ford, and the layer it lies in."""
    properties: Properties = {}
    for key in ("bridge", "tunnel", "ford"):
        if tags.get(key, "no") != "no":
            properties["brunnel"] = key
            break
    if _WHOLE.fullmatch(tags.get("layer", "")):
        properties["layer"] = int(tags["layer"])
    return properties


def _names(tags: Tags) -> Properties:
    """`name` as people there write it, `name:latin` for readers of Latin script."""
    name = tags.get("name", "")
    if not name:
        return {}
    is_latin = all(ord(letter) < 0x250 or not letter.isalpha() for letter in name)
    latin = name if is_latin else tags.get("name:latin") or tags.get("int_name") or tags.get("name:en")
    return {"name": name, "name:latin": latin} if latin else {"name": name}


def _height(tags: Tags) -> Properties:
    for key, unit_m in (("height", 1.0), ("building:levels", METRES_PER_LEVEL)):
        try:
            return {"render_height": round(float(tags[key].removesuffix("m")) * unit_m, 1)}
        except (KeyError, ValueError):
            continue
    return {}
