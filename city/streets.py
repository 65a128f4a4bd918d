"""Streets as arrays: junctions, edges between them, and the shape of each edge. All is pure here but load and save.

An edge is a piece of one way between two junctions. Its shape is the run of flat points first[e] … last[e] (inclusive);
neighbouring edges of a way share the point between them. `along` is the running length in metres over all flat points.
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from city.components import strong_components
from city.roads import Road

EARTH_RADIUS_M = 6371008.8
SMALLEST_SHARE = 0.05  # of the largest network: what is smaller and cut off is a stub, what is larger an island
BOTH, FORWARD = 0, 1

Array = NDArray[Any]


class Way(msgspec.Struct, frozen=True):
    """One OpenStreetMap way that is a road: node ids and their coordinates in degrees, all of one length."""

    refs: list[int]
    lats: list[float]
    lngs: list[float]
    road: Road


class Streets(msgspec.Struct, frozen=True):
    """The street network. N junctions, E edges, P flat points; edge columns have length E."""

    lat: Array  # P, degrees
    lng: Array  # P
    along: Array  # P, metres since the first flat point; differences within one edge are lengths
    tail: Array  # E, junction at the first point
    head: Array  # E, junction at the last point
    first: Array  # E, index into the flat points
    last: Array  # E
    oneway: Array  # E, FORWARD or BOTH; ways against their drawing are turned round when read
    kind: Array  # E, index into roads.CLASSES
    tunnel: Array  # E, bool
    speed_mps: Array  # E
    name: Array  # E, index into names
    junction_lat: Array  # N
    junction_lng: Array  # N
    names: tuple[str, ...]

    @property
    def length_m(self) -> Array:
        """Length of each edge."""
        return np.asarray(self.along[self.last] - self.along[self.first])

    def save(self, path: Path) -> None:
        """Write everything to one .npz file."""
        columns = {field: getattr(self, field) for field in Streets.__struct_fields__ if field != "names"}
        blob = np.frombuffer(msgspec.json.encode(self.names), dtype=np.uint8)
        np.savez(path, names=blob, **columns)

    @classmethod
    def load(cls, path: Path) -> "Streets":
        """Read what `save` wrote; OSError when it cannot be read, ValueError when it is damaged."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                columns = {field: stored[field] for field in cls.__struct_fields__ if field != "names"}
                names = msgspec.json.decode(stored["names"].tobytes(), type=tuple[str, ...])
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            raise ValueError(f"{path} is damaged ({error}); build the city again") from error
        return cls(names=names, **columns)


def haversine_m(lat1: Array, lng1: Array, lat2: Array, lng2: Array) -> Array:
    """Great-circle distance, element by element."""
    p1, p2 = np.radians(lat1), np.radians(lat2)
    half = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(np.radians(lng2 - lng1) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def assemble(ways: Iterable[Way]) -> Streets | None:
    """Cut ways at their junctions and drop what cannot be reached and left again; None when no street remains."""
    kept = [_drawn_along(way) for way in ways if len(way.refs) >= 2]
    if not kept:
        return None
    sizes = np.array([len(way.refs) for way in kept])
    ids, node = np.unique(np.concatenate([np.array(way.refs, dtype=np.int64) for way in kept]), return_inverse=True)
    way_of = np.repeat(np.arange(len(kept)), sizes)
    first, last = _cut(node, way_of, len(ids))
    lat = np.concatenate([np.array(way.lats) for way in kept])
    lng = np.concatenate([np.array(way.lngs) for way in kept])
    along = np.concatenate([[0.0], np.cumsum(haversine_m(lat[:-1], lng[:-1], lat[1:], lng[1:]))])
    names = sorted({way.road.name for way in kept})
    number = {name: at for at, name in enumerate(names)}
    roads = [way.road for way in kept]
    owner = way_of[first]
    streets = Streets(
        lat=lat,
        lng=lng,
        along=along,
        tail=node[first],
        head=node[last],
        first=first,
        last=last,
        oneway=np.array([abs(road.oneway) for road in roads], dtype=np.int8)[owner],
        kind=np.array([road.kind for road in roads], dtype=np.int8)[owner],
        tunnel=np.array([road.tunnel for road in roads])[owner],
        speed_mps=np.array([road.speed_mps for road in roads], dtype=np.float32)[owner],
        name=np.array([number[road.name] for road in roads], dtype=np.int32)[owner],
        junction_lat=np.empty(0),
        junction_lng=np.empty(0),
        names=tuple(names),
    )
    return _compact(streets)


def _drawn_along(way: Way) -> Way:
    """A way whose traffic runs against its drawing, turned round."""
    if way.road.oneway >= 0:
        return way
    return Way(way.refs[::-1], way.lats[::-1], way.lngs[::-1], way.road)


def _cut(node: Array, way_of: Array, node_count: int) -> tuple[Array, Array]:
    """First and last flat point of every edge. One that ends where it began is halved, so that no edge is a loop."""
    starts_way = np.concatenate([[True], way_of[1:] != way_of[:-1]])
    ends_way = np.concatenate([way_of[1:] != way_of[:-1], [True]])
    is_junction = (np.bincount(node, minlength=node_count) > 1)[node] | starts_way | ends_way
    for _ in range(2):
        at = np.flatnonzero(is_junction)
        inner = ~ends_way[at[:-1]]
        first, last = at[:-1][inner], at[1:][inner]
        loops = node[first] == node[last]
        is_junction[(first[loops] + last[loops]) // 2] = True
    real = node[first] != node[last]
    return first[real], last[real]


def _compact(streets: Streets) -> Streets | None:
    """Keep edges whose both ends lie in one large enough strongly connected part; number junctions and points anew."""
    if len(streets.tail) == 0:
        return None
    both = streets.oneway == BOTH
    tails = np.concatenate([streets.tail, streets.head[both]])
    heads = np.concatenate([streets.head, streets.tail[both]])
    part = strong_components(tails, heads, int(max(tails.max(), heads.max())) + 1)
    inside = part[streets.tail] == part[streets.head]
    sizes = np.bincount(part[streets.tail[inside]], minlength=int(part.max()) + 1)
    keep = inside & (sizes >= max(SMALLEST_SHARE * sizes.max(), 1))[part[streets.tail]]
    if not keep.any():
        return None
    chosen = {field: getattr(streets, field)[keep] for field in EDGE_COLUMNS}
    used = np.zeros(len(streets.lat), dtype=bool)
    for begin, end in zip(chosen["first"].tolist(), chosen["last"].tolist(), strict=True):
        used[begin : end + 1] = True
    point = np.cumsum(used) - 1
    junctions, ends = np.unique(np.concatenate([chosen["tail"], chosen["head"]]), return_inverse=True)
    ends = ends.astype(np.uint32)
    edge_count = int(keep.sum())
    where = np.empty(len(junctions), dtype=np.int64)
    where[ends] = np.concatenate([chosen["first"], chosen["last"]])
    chosen |= {"tail": ends[:edge_count], "head": ends[edge_count:]}
    chosen |= {name: point[chosen[name]].astype(np.uint32) for name in ("first", "last")}
    return Streets(
        lat=streets.lat[used],
        lng=streets.lng[used],
        along=streets.along[used],
        junction_lat=streets.lat[where],
        junction_lng=streets.lng[where],
        names=streets.names,
        **chosen,
    )


EDGE_COLUMNS = ("tail", "head", "first", "last", "oneway", "kind", "tunnel", "speed_mps", "name")
