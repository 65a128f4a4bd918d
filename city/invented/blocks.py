"""Parks, houses and district names between the streets: what makes a map look lived in. Pure."""

import math
import random
from collections.abc import Iterator

from shapely import LineString, Polygon, box
from shapely.affinity import rotate, translate
from shapely.geometry.base import BaseGeometry

from city.invented.noding import Piece, clear_of
from city.invented.plan import MINOR, Plan

STREET_HALF_M = 6.0
SETBACK_M = 15.0
PARKS = ((-420.0, 480.0, 170.0), (760.0, -620.0, 210.0), (-1150.0, -760.0, 150.0), (1250.0, 700.0, 180.0))


def parks(rng: random.Random) -> list[Polygon]:
    """A few greens, roughly round."""
    return [_blob(rng, x, y, radius_m) for x, y, radius_m in PARKS]


def _blob(rng: random.Random, x: float, y: float, radius_m: float) -> Polygon:
    radii = [radius_m * rng.uniform(0.8, 1.05) for _ in range(18)]
    turns = [number / 18 * 2 * math.pi for number in range(18)]
    return Polygon([(x + r * math.cos(t), y + r * math.sin(t)) for r, t in zip(radii, turns, strict=True)])


def houses(plan: Plan, streets: list[Piece], greens: list[Polygon], rng: random.Random) -> list[Polygon]:
    """Houses on both sides of minor streets, clear of every street, of water, parks and each other."""
    lines = [LineString([(x / 10, y / 10) for x, y in piece.nodes]) for piece in streets]
    taken: list[BaseGeometry] = [line.buffer(STREET_HALF_M, quad_segs=1) for line in lines]
    taken += [plan.river.buffer(6), plan.bay.buffer(20), *greens]
    sides = [line for line, piece in zip(lines, streets, strict=True) if piece.rank == MINOR]
    return list(clear_of((house for line in sides for house in _along(line, rng)), taken))


def _along(line: LineString, rng: random.Random) -> Iterator[Polygon]:
    """Plots along one street."""
    at = rng.uniform(14, 22)
    while at < line.length - 14:
        here, ahead = line.interpolate(at), line.interpolate(at + 1)
        heading = math.degrees(math.atan2(ahead.y - here.y, ahead.x - here.x))
        for side in (1, -1):
            if rng.random() < 0.82:
                width, depth = rng.uniform(9, 17), rng.uniform(8, 13)
                off = side * (SETBACK_M + rng.uniform(0, 3))
                house = translate(rotate(box(-width / 2, -depth / 2, width / 2, depth / 2), heading), here.x, here.y)
                turn = math.radians(heading + 90)
                yield translate(house, off * math.cos(turn), off * math.sin(turn))
        at += rng.uniform(17, 30)
