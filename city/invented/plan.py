"""The lines of the invented town, in metres east and north of its middle. Pure: randomness is a parameter."""

import math
import random

import msgspec
from shapely import LineString, Polygon

from city.invented.names import AVENUE, BANKS, FLOWERS, RING, SEAFRONT, TREES

HALF_WIDTH_M, HALF_HEIGHT_M = 2400.0, 1900.0
BLOCK_M = (100.0, 185.0)
RIVER_HALF_M = 42.0
SHORE_M = 70.0  # the seafront street's distance from the water
BANK_M = 62.0  # the embankment streets' distance from the middle of the river
MINOR = 9
RANKS = {0: 2, 3: 3}  # of six neighbouring streets one is secondary, and bridges the river when it can; one is tertiary
HIGHWAYS = {1: "primary", 2: "secondary", 3: "tertiary", MINOR: "residential"}


class Line(msgspec.Struct, frozen=True):
    """One street as drawn, before it is cut at crossings. Lines on different levels do not meet."""

    shape: LineString
    tags: dict[str, str]
    level: int = 0
    rank: int = MINOR  # lower is more important; only minor streets are thinned out
    bridges: bool = False  # goes on over the river instead of ending at its bank


class Plan(msgspec.Struct, frozen=True):
    """Everything with a line: streets, and the water they keep out of. `middle` is the river's middle line."""

    streets: list[Line]
    middle: LineString
    river: Polygon
    bay: Polygon


def draw(rng: random.Random) -> Plan:
    """The plan for this randomness."""
    coast = [(_coast_x(y), y) for y in range(-2600, 2601, 80)]
    bay = Polygon([(-3600, -2600), *coast, (-3600, 2600)])
    middle = LineString([(x, _river_y(x)) for x in range(-2700, 3001, 40)])
    streets = [_column(rng, at, *line) for at, line in enumerate(_grid(rng, HALF_WIDTH_M, TREES))]
    streets += [_row(rng, at, *line) for at, line in enumerate(_grid(rng, HALF_HEIGHT_M, FLOWERS))]
    streets += _avenue()
    ring = {"highway": "primary", "name": RING, "maxspeed": "60"}
    streets.append(Line(_ellipse(1750, 1350), ring, rank=1, bridges=True))
    shore = LineString([(x + SHORE_M, y) for x, y in coast if abs(y) <= HALF_HEIGHT_M])
    streets.append(Line(shore, {"highway": "secondary", "name": SEAFRONT, "maxspeed": "50"}, rank=2, bridges=True))
    inside = LineString([place for place in middle.coords if place[0] <= HALF_WIDTH_M])
    for offset_m, name in zip((BANK_M, -BANK_M), BANKS, strict=True):
        streets.append(Line(inside.offset_curve(offset_m), {"highway": "tertiary", "name": name}, rank=3))
    return Plan(streets, middle, middle.buffer(RIVER_HALF_M), bay)


def _coast_x(y: float) -> float:
    return -2150 + 190 * math.sin(y / 830 + 0.6) + 60 * math.sin(y / 290)


def _river_y(x: float) -> float:
    return 210 * math.sin(x / 760 + 0.4) + 70 * math.sin(x / 310 + 2) - 130


def _bend(x: float, y: float) -> tuple[float, float]:
    """A smooth drift that makes the grid irregular, more so away from the middle."""
    return x + 110 * math.sin(y / 720 + x / 2900), y + 95 * math.sin(x / 780 - y / 2300 + 1)


def _grid(rng: random.Random, half_m: float, names: tuple[str, ...]) -> list[tuple[float, str]]:
    """Offsets of parallel streets, unevenly apart, each with a name."""
    lines: list[tuple[float, str]] = []
    at = -half_m + rng.uniform(20, 80)
    while at < half_m and len(lines) < len(names):
        lines.append((at, f"{names[len(lines)]} Street"))
        at += rng.uniform(*BLOCK_M)
    return lines


def _tags(rng: random.Random, number: int, name: str, rank: int) -> dict[str, str]:
    """Half of the minor streets are one-way, neighbours against each other."""
    tags = {"highway": HIGHWAYS[rank], "name": name}
    if rank == MINOR and rng.random() < 0.5:
        tags["oneway"] = "yes" if number % 2 else "-1"
    return tags


def _column(rng: random.Random, number: int, x: float, name: str) -> Line:
    rank = RANKS.get(number % 6, MINOR)
    ys = range(int(-HALF_HEIGHT_M), int(HALF_HEIGHT_M) + 1, 50)
    shape = LineString([_bend(x + rng.uniform(-3, 3), y) for y in ys])
    return Line(shape, _tags(rng, number, name, rank), rank=rank, bridges=rank == 2)


def _row(rng: random.Random, number: int, y: float, name: str) -> Line:
    rank = RANKS.get(number % 6, MINOR)
    xs = range(int(-HALF_WIDTH_M), int(HALF_WIDTH_M) + 1, 50)
    shape = LineString([_bend(x, y + rng.uniform(-3, 3)) for x in xs])
    return Line(shape, _tags(rng, number, name, rank), rank=rank)


def _avenue() -> list[Line]:
    """The diagonal: from the ring in the south-west through an underpass below the middle to the north-east."""
    ends = [(-1500, -1150), (150, 420), (420, 680), (1900, 1750)]
    tags = {"highway": "primary", "name": AVENUE, "maxspeed": "50"}
    below = {**tags, "tunnel": "yes", "layer": "-1"}
    return [
        Line(LineString(ends[0:2]), tags, rank=1, bridges=True),
        Line(LineString(ends[1:3]), below, level=-1, rank=1),
        Line(LineString(ends[2:4]), tags, rank=1),
    ]


def _ellipse(half_width_m: float, half_height_m: float) -> LineString:
    turns = [step / 90 * 2 * math.pi for step in range(91)]
    return LineString([(150 + half_width_m * math.cos(t), half_height_m * math.sin(t)) for t in turns])
