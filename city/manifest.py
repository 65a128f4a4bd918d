"""What a city directory says of itself: city.json, read by pages, by the demo and by `ridewire city info`."""

from pathlib import Path

import msgspec

FORMAT = 1
MANIFEST_FILE = "city.json"
MAP_FILE = "city.pmtiles"
ATTRIBUTION = "© OpenStreetMap contributors"


class Source(msgspec.Struct, frozen=True):
    """The extract a city was built from."""

    file: str
    sha256: str
    size_bytes: int


class Box(msgspec.Struct, frozen=True):
    """Around all roads, in degrees."""

    south: float
    west: float
    north: float
    east: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One city. `seconds` says how long each step of the build took; `features` counts the map's objects by layer."""

    format: int = FORMAT
    name: str
    attribution: str
    source: Source
    box: Box
    roads: int
    junctions: int
    edges: int
    road_km: float
    features: dict[str, int]
    map: str | None
    seconds: dict[str, float]
    built_at: str
    versions: dict[str, str]


class NoCity(msgspec.Struct, frozen=True):
    """Refusal: why a directory is no city that this version can use."""

    reason: str


def read(directory: Path) -> Manifest | NoCity:
    """The manifest of a city directory."""
    path = directory / MANIFEST_FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        return NoCity(f"{path} cannot be read: {error.strerror}. Make a city with `ridewire city build EXTRACT`.")
    except msgspec.DecodeError as error:
        return NoCity(f"{path} is damaged ({error}); build the city again.")
    if found.format != FORMAT:
        return NoCity(f"{path} has format {found.format}, this version reads {FORMAT}; build the city again.")
    return found


def write(directory: Path, manifest: Manifest) -> None:
    """Store the manifest, readable for people."""
    (directory / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
