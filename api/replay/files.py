"""A file's trips, by what kind of file its name says it is; `.gz` is unpacked on the way."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

from api.replay import csv_trips, geojson_trips, gpx_trips
from api.replay.trip import BadTrip, Trip

KINDS = (".csv", ".gpx", ".geojson", ".json")


def read_trips(path: Path) -> list[Trip]:
    """Every trip of at least one point; raises BadTrip."""
    trips = [trip for trip in _read(path) if trip.points]
    if not trips:
        raise BadTrip(path.name, "no trips in it")
    return _named_once(trips)


def _read(path: Path) -> Iterator[Trip]:
    packed = path.suffix.lower() == ".gz"
    kind = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
    if kind not in KINDS:
        raise BadTrip(path.name, f"its name must end in one of {', '.join(KINDS)}, with or without .gz")
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
            if kind == ".csv":
                yield from csv_trips.read(path.name, text)
            else:
                yield from (gpx_trips if kind == ".gpx" else geojson_trips).read(path.name, text.read())
    except (OSError, EOFError) as error:
        raise BadTrip(path.name, f"cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise BadTrip(path.name, f"is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _named_once(trips: list[Trip]) -> list[Trip]:
    """Trips of the same name become riders of their own."""
    seen: dict[str, int] = {}
    for trip in trips:
        seen[trip.name] = seen.get(trip.name, 0) + 1
        if seen[trip.name] > 1:
            trip.name = f"{trip.name} ({seen[trip.name]})"
    return trips
