"""The line of a route: from the runs driven along edges to points, speeds and junctions. Pure array work."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from city.places import Route
from city.streets import Streets

Array = NDArray[Any]


class Run(NamedTuple):
    """A stretch of one edge, driven from one distance along it to another."""

    edge: int
    from_m: float
    to_m: float


def place(streets: Streets, edge: int, along_m: float) -> tuple[float, float]:
    """(lat, lng) at a distance along an edge."""
    lat, lng = _cut(streets, Run(edge, along_m, along_m))
    return float(lat[0]), float(lng[0])


def trace(streets: Streets, begin: Run, edges: Array, backward: Array, end: Run | None) -> Route:
    """The route that drives `begin`, then whole edges (against their drawing where backward), then `end`."""
    cuts = [_cut(streets, run) for run in (begin, end) if run is not None]
    flat, sizes = _whole(streets, edges, backward)
    lats, lngs = [cuts[0][0], streets.lat[flat]], [cuts[0][1], streets.lng[flat]]
    owners, counts = [begin.edge, *edges.tolist()], [len(cuts[0][0]) - 1, *sizes.tolist()]
    if end is not None:
        lats.append(cuts[1][0][1:])
        lngs.append(cuts[1][1][1:])
        owners.append(end.edge)
        counts.append(len(cuts[1][0]) - 1)
    owner = np.repeat(np.array(owners), np.array(counts))
    run_m = np.array([abs(run.to_m - run.from_m) for run in (begin, end) if run is not None])
    run_speed = streets.speed_mps[[run.edge for run in (begin, end) if run is not None]]
    edge_m = streets.along[streets.last[edges]] - streets.along[streets.first[edges]]
    return Route(
        lat=np.concatenate(lats),
        lng=np.concatenate(lngs),
        speed_mps=streets.speed_mps[owner].astype(float),
        tunnel=streets.tunnel[owner],
        junctions=np.cumsum(np.array(counts))[:-1],
        distance_m=float(run_m.sum() + edge_m.sum()),
        edge=owner,
        duration_s=float((run_m / run_speed).sum() + (edge_m / streets.speed_mps[edges]).sum()),
    )


def _whole(streets: Streets, edges: Array, backward: Array) -> tuple[Array, Array]:
    """Flat points of whole edges in the order driven, each without its first, and how many each gives."""
    first, last = streets.first[edges].astype(np.int64), streets.last[edges].astype(np.int64)
    sizes = last - first
    nth = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    start = np.repeat(np.where(backward, last, first), sizes)
    return start + np.where(np.repeat(backward, sizes), -nth, nth), sizes


def _cut(streets: Streets, run: Run) -> tuple[Array, Array]:
    """Latitudes and longitudes of a run, both ends included, in the order driven."""
    first, last = int(streets.first[run.edge]), int(streets.last[run.edge])
    along = streets.along[first : last + 1] - streets.along[first]
    low, high = min(run.from_m, run.to_m), max(run.from_m, run.to_m)
    at = np.concatenate([[low], along[(along > low) & (along < high)], [high]])
    lat = np.interp(at, along, streets.lat[first : last + 1])
    lng = np.interp(at, along, streets.lng[first : last + 1])
    return (lat, lng) if run.from_m <= run.to_m else (lat[::-1], lng[::-1])
