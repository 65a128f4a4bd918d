"""Trips from CSV: a row a fix (trip, time, latitude, longitude), or a row a trip with Porto's POLYLINE column."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from api.replay.trip import BadTrip, Trip, TripPoint, read_degrees, read_time

Value = TypeVar("Value")
POLYLINE_STEP_S = 15  # Porto's taxis report each 15 s; the file gives only the start
# Column names we know, lower case. A trip is one combination of all identity columns that are there.
IDENTITY = (
    "trip", "trip_id", "ride", "ride_id", "rider", "rider_id", "vehicle", "vehicle_id", "taxi", "phone", "device",
    "device_id", "timeline", "run",
)
TIME = ("ts", "timestamp", "time", "fix_ts", "datetime", "recorded_at")
LATITUDE, LONGITUDE = ("lat", "latitude"), ("lon", "lng", "long", "longitude")
MORE = {
    "accuracy": ("accuracy", "accuracy_m", "acc"), "speed": ("speed", "speed_mps"),
    "heading": ("heading", "bearing", "course"), "altitude": ("altitude", "alt", "ele"),
}


def read(file: str, lines: Iterable[str]) -> Iterator[Trip]:
    """The trips of an opened CSV; raises BadTrip."""
    rows = csv.reader(lines)
    header = [name.strip().lower() for name in next(rows, [])]
    if not header:
        raise BadTrip(file, "the file is empty; the first line must name the columns")
    yield from _polylines(file, header, rows) if "polyline" in header else _fixes(file, header, rows)


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _needed(file: str, header: list[str], names: tuple[str, ...], what: str) -> int:
    found = _column(header, names)
    if found is None:
        raise BadTrip(file, f"no column for the {what}; looked for {', '.join(names)} in {', '.join(header)}", line=1)
    return found


def _fixes(file: str, header: list[str], rows: Iterator[list[str]]) -> Iterator[Trip]:
    """A row a fix; rows of one trip need not stand together."""
    when = _needed(file, header, TIME, "time")
    lat = _needed(file, header, LATITUDE, "latitude")
    lng = _needed(file, header, LONGITUDE, "longitude")
    identity = [header.index(name) for name in IDENTITY if name in header]
    more = {name: found for name, known in MORE.items() if (found := _column(header, known)) is not None}
    trips: dict[tuple[str, ...], Trip] = {}
    for line, row in enumerate(rows, 2):
        if not row:
            continue
        cell = _Row(file, header, row, line)
        point = TripPoint(
            cell.read(when, read_time), cell.read(lat, lambda text: read_degrees(text, 90)),
            cell.read(lng, lambda text: read_degrees(text, 180)),
            {name: cell.read(place, float) for name, place in more.items() if cell.has(place)},
        )
        key = tuple(cell.text(place) for place in identity)
        trips.setdefault(key, Trip("-".join(key) or "trip", [])).points.append(point)
    yield from (trip.in_order() for trip in trips.values())


def _polylines(file: str, header: list[str], rows: Iterator[list[str]]) -> Iterator[Trip]:
    """A row a trip: POLYLINE is a JSON array of [longitude, latitude], one each 15 s from TIMESTAMP on."""
    start = _needed(file, header, TIME, "start time")
    name = _needed(file, header, IDENTITY, "trip")
    for name_first in ("trip_id", "trip"):
        name = header.index(name_first) if name_first in header else name
    place = header.index("polyline")
    for line, row in enumerate(rows, 2):
        if not row:
            continue
        cell = _Row(file, header, row, line)
        since = cell.read(start, read_time)
        pairs = cell.read(place, _pairs)
        points = [TripPoint(since + n * POLYLINE_STEP_S, lat, lng) for n, (lat, lng) in enumerate(pairs)]
        if points:
            yield Trip(cell.text(name), points)


def _pairs(text: str) -> list[tuple[float, float]]:
    """(latitude, longitude) from Porto's [[longitude, latitude], …]; raises ValueError."""
    pairs = json.loads(text)
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError("not an array of [longitude, latitude]")
    return [(read_degrees(str(lat), 90), read_degrees(str(lng), 180)) for lng, lat in pairs]


class _Row:
    """A line of the file, whose errors know where they are."""

    def __init__(self, file: str, header: list[str], cells: list[str], line: int) -> None:
        self.file, self.header, self.cells, self.line = file, header, cells, line

    def text(self, place: int) -> str:
        """A cell; raises BadTrip when the line is too short."""
        if place >= len(self.cells):
            what = f"the line has {len(self.cells)} columns, the first line names {len(self.header)}"
            raise BadTrip(self.file, what, line=self.line, column=self.header[place])
        return self.cells[place].strip()

    def has(self, place: int) -> bool:
        """Whether there is anything in the cell."""
        return self.text(place) != ""

    def read(self, place: int, reader: Callable[[str], Value]) -> Value:
        """A cell as a value; raises BadTrip with what the reader said."""
        text = self.text(place)
        try:
            return reader(text)
        except (ValueError, RecursionError) as error:
            what = f"cannot read {text[:60]!r}: {error}"
            raise BadTrip(self.file, what, line=self.line, column=self.header[place]) from error
