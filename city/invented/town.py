"""The invented town as OpenStreetMap-like nodes and ways, as a Graph to ride on, or as an .osm.pbf to build from."""

import math
import random
from collections.abc import Iterable
from pathlib import Path

import msgspec
from shapely import Polygon

from city import roads
from city.graph import Graph
from city.invented import blocks, names, noding, plan
from city.places import Spot
from city.streets import Way, assemble

MIDDLE = Spot(14.5995, 120.9842)
METRES_PER_DEGREE = 111_195.0
SEED = 7


class TownWay(msgspec.Struct, frozen=True):
    """One way: indexes into the town's spots, and OpenStreetMap tags. A closed area repeats its first spot."""

    refs: list[int]
    tags: dict[str, str]


class Town(msgspec.Struct, frozen=True):
    """The whole town. `labels` are spots with tags of their own, such as district names."""

    spots: list[Spot]
    ways: list[TownWay]
    labels: list[tuple[Spot, dict[str, str]]]

    def roads(self) -> Iterable[Way]:
        """The ways a rider may take, as an extract gives them."""
        for way in self.ways:
            road = roads.read(way.tags)
            if road is not None:
                spots = [self.spots[ref] for ref in way.refs]
                yield Way(way.refs, [spot.lat for spot in spots], [spot.lng for spot in spots], road)


def build(seed: int = SEED) -> Town:
    """The town for this seed; the same seed always gives the same town."""
    rng = random.Random(seed)  # noqa: S311 - a drawing, not a secret
    drawn = plan.draw(rng)
    greens = blocks.parks(rng)
    pieces = noding.pieces(drawn, greens, rng)
    town = _Ground()
    for run in _runs(pieces):
        town.line([node for at, piece in enumerate(run) for node in piece.nodes[1 if at else 0 :]], run[0].tags)
    town.area(drawn.bay, {"natural": "water", "water": "bay", "name": names.BAY})
    town.area(drawn.river.difference(drawn.bay), {"natural": "water", "water": "river"})
    town.line([noding.to_node(place) for place in drawn.middle.coords], {"waterway": "river", "name": names.RIVER})
    for green in greens:
        town.area(green, {"leisure": "park"})
    for house in blocks.houses(drawn, pieces, greens, rng):
        town.area(house, {"building": "yes"})
    return Town(town.spots, town.ways, _labels())


def graph(seed: int = SEED) -> Graph:
    """The town's streets, ready to ride on, in about a second."""
    streets = assemble(build(seed).roads())
    if streets is None:
        raise ValueError(f"the town of seed {seed} came out without a street")
    return Graph(streets)


def write(path: Path, seed: int = SEED) -> None:
    """Write the town as an .osm.pbf, as if it were an extract; an existing file is replaced."""
    import osmium

    town = build(seed)
    header = osmium.io.Header()
    lats, lngs = [spot.lat for spot in town.spots], [spot.lng for spot in town.spots]
    header.add_box(osmium.osm.Box(min(lngs), min(lats), max(lngs), max(lats)))
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for number, spot in enumerate(town.spots, 1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(spot.lng, spot.lat)))
        for number, (spot, tags) in enumerate(town.labels, len(town.spots) + 1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(spot.lng, spot.lat), tags=tags))
        for number, way in enumerate(town.ways, 1):
            nodes = [ref + 1 for ref in way.refs]
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=way.tags))


def to_spot(east_m: float, north_m: float) -> Spot:
    """The place so far from the middle of the town."""
    shrink = math.cos(math.radians(MIDDLE.lat))
    return Spot(
        round(MIDDLE.lat + north_m / METRES_PER_DEGREE, 7),
        round(MIDDLE.lng + east_m / METRES_PER_DEGREE / shrink, 7),
    )


class _Ground:
    """Collects ways, giving each distinct node one number."""

    def __init__(self) -> None:
        self.spots: list[Spot] = []
        self.ways: list[TownWay] = []
        self._number: dict[noding.Node, int] = {}

    def line(self, nodes: Iterable[noding.Node], tags: dict[str, str]) -> None:
        self.ways.append(TownWay([self._ref(node) for node in nodes], tags))

    def area(self, shape: Polygon, tags: dict[str, str]) -> None:
        self.line([noding.to_node(place) for place in shape.exterior.coords], tags)

    def _ref(self, node: noding.Node) -> int:
        if node not in self._number:
            self._number[node] = len(self.spots)
            self.spots.append(to_spot(node[0] / 10, node[1] / 10))
        return self._number[node]


def _runs(pieces: list[noding.Piece]) -> Iterable[list[noding.Piece]]:
    """Neighbouring pieces of one street together: one way in the map."""
    run: list[noding.Piece] = []
    for piece in pieces:
        if run and (piece.street != run[-1].street or piece.nodes[0] != run[-1].nodes[-1]):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _labels() -> list[tuple[Spot, dict[str, str]]]:
    """The town's name and its districts'."""
    labels = [(MIDDLE, {"place": "city", "name": names.TOWN})]
    for number, name in enumerate(names.DISTRICTS):
        turn = number / len(names.DISTRICTS) * 2 * math.pi
        labels.append((to_spot(1000 * math.cos(turn), 800 * math.sin(turn)), {"place": "suburb", "name": name}))
    return labels
