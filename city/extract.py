"""Reads the roads of an OpenStreetMap extract, and the box they fill. Bad input is refused here."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from city import roads
from city.streets import Way

Progress = Callable[[str], None]
PBF_MARK = b"OSMHeader"
REPORT_EVERY_WAYS = 200_000


class BadExtract(msgspec.Struct, frozen=True):
    """Why an extract cannot be used, and what to do, as one sentence."""

    reason: str


class Extract(msgspec.Struct, frozen=True):
    """What was read: `box` is (south, west, north, east) in degrees around the roads."""

    ways: list[Way]
    box: tuple[float, float, float, float]
    seconds: float


def check_file(path: Path) -> BadExtract | None:
    """Refuse what is no OpenStreetMap PBF before any work is done."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        return BadExtract(f"{path} cannot be read: {error.strerror}.")
    if not start:
        return BadExtract(f"{path} is empty; download the extract again.")
    if PBF_MARK not in start:
        return BadExtract(f"{path} is not an OpenStreetMap .osm.pbf file; get one from download.geofabrik.de.")
    return None


def read(path: Path, progress: Progress = lambda line: None) -> Extract | BadExtract:
    """All roads of the extract; `progress` gets a line now and then."""
    refused = check_file(path)
    if refused is not None:
        return refused
    import osmium

    began = time.monotonic()
    ways: list[Way] = []
    try:
        objects = osmium.FileProcessor(str(path)).with_locations()
        for count, way in enumerate(objects.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)), 1):
            if count % REPORT_EVERY_WAYS == 0:
                progress(f"{count:,} ways read, {len(ways):,} of them roads")
            road = roads.read({tag.k: tag.v for tag in way.tags}) if "highway" in way.tags else None
            if road is not None:
                ways.append(_way(way, road))
    except (RuntimeError, ValueError) as error:
        return BadExtract(f"{path} is damaged or incomplete ({error}); download it again.")
    ways = [way for way in ways if len(way.refs) >= 2]
    if not ways:
        return BadExtract(f"{path} holds no road a rider may use; the extract needs ways tagged `highway`.")
    return Extract(ways, _box(ways), time.monotonic() - began)


def _way(way: "object", road: roads.Road) -> Way:
    """The nodes of the way that the extract holds; an extract's rim may cut some off."""
    known = [(node.ref, node.lat, node.lon) for node in way.nodes if node.location.valid()]  # type: ignore[attr-defined]
    return Way([ref for ref, _, _ in known], [lat for _, lat, _ in known], [lng for _, _, lng in known], road)


def _box(ways: list[Way]) -> tuple[float, float, float, float]:
    return (
        min(min(way.lats) for way in ways),
        min(min(way.lngs) for way in ways),
        max(max(way.lats) for way in ways),
        max(max(way.lngs) for way in ways),
    )
