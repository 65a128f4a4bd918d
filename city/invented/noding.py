"""Cuts streets at water and where they cross, so that every crossing is one node shared by both. Pure geometry."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec
from shapely import LineString, MultiLineString, Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from city.invented.plan import MINOR, Line, Plan

THINNED_SHARE = 0.07
STUB_M = 85.0
SHORE_GAP_M = 8.0

Node = tuple[int, int]  # decimetres east and north: equal for points that are one


class Piece(msgspec.Struct, frozen=True):
    """A stretch of street between two crossings."""

    nodes: tuple[Node, ...]
    tags: dict[str, str]
    rank: int
    street: int  # which drawn line it is part of, in order along it
    length_m: float


def pieces(plan: Plan, parks: list[Polygon], rng: random.Random) -> list[Piece]:
    """The streets as pieces between crossings: none in the water, few in parks, no short dead ends."""
    lines = [part for line in plan.streets for part in _kept_dry(line, plan)]
    cut = [piece for at, line in enumerate(lines) for piece in _split(at, line, _crossings(at, lines))]
    kept = [piece for piece in cut if not _thinned(piece, parks, rng)]
    return _without_stubs(_without_stubs(kept))


def _kept_dry(line: Line, plan: Plan) -> Iterator[Line]:
    """The line without what lies in the bay; over the river it is a bridge, or missing."""
    dry = line.shape.difference(plan.bay.buffer(SHORE_GAP_M))
    if line.level != 0:
        yield line
        return
    for part in _lines(dry.difference(plan.river)):
        yield msgspec.structs.replace(line, shape=part)
    if line.bridges:
        for part in _lines(dry.intersection(plan.river)):
            yield msgspec.structs.replace(line, shape=part, tags={**line.tags, "bridge": "yes", "layer": "1"})


def _lines(shape: BaseGeometry) -> list[LineString]:
    parts = shape.geoms if isinstance(shape, MultiLineString) else [shape]
    return [part for part in parts if isinstance(part, LineString) and part.length > 1]


def _crossings(at: int, lines: list[Line]) -> list[Point]:
    """Where other streets of the same level meet this one."""
    mine = lines[at]
    found: list[Point] = []
    for number, other in enumerate(lines):
        if number == at or other.level != mine.level:
            continue
        # Always intersect in one order, so that both streets get the very same point.
        first, second = (mine, other) if at < number else (other, mine)
        shared = first.shape.intersection(second.shape)
        met = getattr(shared, "geoms", [shared])
        found += [point for point in met if isinstance(point, Point) and not point.is_empty]
    return found


def _split(at: int, line: Line, crossings: list[Point]) -> Iterator[Piece]:
    """The line's pieces; a crossing's own point is kept at the cut."""
    by_place = {0.0: Point(line.shape.coords[0]), line.shape.length: Point(line.shape.coords[-1])}
    by_place |= {line.shape.project(point): point for point in crossings}
    places = sorted(by_place)
    for begin, end in pairwise(places):
        inner = list(substring(line.shape, begin, end).coords)[1:-1]
        nodes = [to_node(by_place[begin].coords[0]), *map(to_node, inner), to_node(by_place[end].coords[0])]
        distinct = tuple(node for number, node in enumerate(nodes) if number == 0 or node != nodes[number - 1])
        if len(distinct) >= 2:
            yield Piece(distinct, line.tags, line.rank, at, end - begin)


def to_node(place: tuple[float, ...]) -> Node:
    """The node at a place in metres."""
    return round(place[0] * 10), round(place[1] * 10)


def _thinned(piece: Piece, parks: list[Polygon], rng: random.Random) -> bool:
    if piece.rank != MINOR:
        return False
    middle = piece.nodes[len(piece.nodes) // 2]
    in_park = any(park.contains(Point(middle[0] / 10, middle[1] / 10)) for park in parks)
    return in_park or rng.random() < THINNED_SHARE


def _without_stubs(found: list[Piece]) -> list[Piece]:
    """Drop short pieces that end nowhere, such as those between an embankment and the water."""
    ends = Counter(node for piece in found for node in (piece.nodes[0], piece.nodes[-1]))
    return [piece for piece in found if piece.length_m > STUB_M or min(ends[piece.nodes[0]], ends[piece.nodes[-1]]) > 1]


def clear_of(shapes: Iterable[Polygon], taken: list[BaseGeometry]) -> Iterator[Polygon]:
    """Those shapes that touch nothing taken, nor a shape that came before them."""
    tree = STRtree(taken)
    given: list[Polygon] = []
    for shape in shapes:
        free = len(tree.query(shape, predicate="intersects")) == 0
        if free and not any(shape.intersects(other) for other in given[-40:]):
            given.append(shape)
            yield shape
