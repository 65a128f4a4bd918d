"""Cheapest paths over arcs, by two engines of one shape: contraction hierarchies, or a plain search without the wheel.

Costs are whole milliseconds. Arcs are numbered as they were given; None means no path.
"""

import heapq
import threading
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
UNREACHABLE_MS = 2**31 - 1  # RoutingKit's own infinity, so that its matrices pass through unchanged


class Arcs(msgspec.Struct, frozen=True):
    """A directed network: arc i goes from tail[i] to head[i]; node coordinates help to order the hierarchy."""

    tail: Array
    head: Array
    node_lat: Array
    node_lng: Array


class Engine(Protocol):
    """What a Graph asks."""

    def reweigh(self, cost_ms: Array) -> None:
        """Replace the costs of all arcs, between two questions."""

    def path(self, source: int, target: int) -> tuple[int, list[int]] | None:
        """(cost in ms, arcs in order) of the cheapest path; no arcs when source is target."""

    def costs(self, sources: Array, targets: Array) -> Array:
        """Cheapest cost from each source (row) to each target (column); UNREACHABLE_MS where there is no path."""


class Hierarchy:
    """RoutingKit's customizable contraction hierarchies. One query at a time: a lock guards its scratch memory."""

    def __init__(self, arcs: Arcs, cost_ms: Array, saved: Path | None = None) -> None:
        import pyroutingkit

        self._topology = pyroutingkit.CCHTopology()
        if saved is not None and _is_whole(saved, arcs):
            self._topology.load(str(saved))
        else:
            lat, lng = arcs.node_lat.astype(np.float32), arcs.node_lng.astype(np.float32)
            self._topology.build(arcs.tail.astype(np.uint32), arcs.head.astype(np.uint32), lat, lng, len(lat))
        self._metric = pyroutingkit.CCHMetric(self._topology)
        self._metric.customize(cost_ms.astype(np.uint32))
        self._lock = threading.Lock()

    def save(self, directory: Path) -> None:
        """Store the order of contraction, the slow part of building."""
        directory.mkdir(parents=True, exist_ok=True)
        self._topology.save(str(directory))

    def reweigh(self, cost_ms: Array) -> None:
        """See Engine."""
        with self._lock:
            self._metric.customize(cost_ms.astype(np.uint32))

    def path(self, source: int, target: int) -> tuple[int, list[int]] | None:
        """See Engine."""
        if source == target:
            return 0, []
        with self._lock:
            cost, _, arcs = self._metric.query(source, target)
        return None if cost >= UNREACHABLE_MS else (int(cost), list(arcs))

    def costs(self, sources: Array, targets: Array) -> Array:
        """See Engine."""
        with self._lock:
            found = self._metric.distances_many_to_many(sources.astype(np.uint32), targets.astype(np.uint32))
        return np.asarray(found).reshape(len(sources), len(targets))


def _is_whole(saved: Path, arcs: Arcs) -> bool:
    """Whether a stored order fits these arcs. RoutingKit crashes on files cut short, hence the check."""
    sizes = {"head": len(arcs.tail), "tail": len(arcs.tail), "order": len(arcs.node_lat), "rank": len(arcs.node_lat)}
    return all((saved / name).is_file() and (saved / name).stat().st_size == 4 * size for name, size in sizes.items())


class PlainSearch:
    """Dijkstra's search over lists: some milliseconds a route in a small city, no compiled package."""

    def __init__(self, arcs: Arcs, cost_ms: Array) -> None:
        order = np.argsort(arcs.tail, kind="stable")
        self._arc: list[int] = order.tolist()
        self._begin: list[int] = np.searchsorted(arcs.tail[order], np.arange(len(arcs.node_lat) + 1)).tolist()
        self._head: list[int] = arcs.head.tolist()
        self._tail: list[int] = arcs.tail.tolist()
        self._cost: list[int] = cost_ms.tolist()

    def reweigh(self, cost_ms: Array) -> None:
        """See Engine."""
        self._cost = cost_ms.tolist()

    def path(self, source: int, target: int) -> tuple[int, list[int]] | None:
        """See Engine."""
        cost, by_arc = self._search(source, {target})
        if target not in cost:
            return None
        arcs = []
        node = target
        while node != source:
            arcs.append(by_arc[node])
            node = self._tail[by_arc[node]]
        return cost[target], arcs[::-1]

    def costs(self, sources: Array, targets: Array) -> Array:
        """See Engine."""
        wanted = targets.tolist()
        rows = [self._search(source, set(wanted))[0] for source in sources.tolist()]
        return np.array([[row.get(target, UNREACHABLE_MS) for target in wanted] for row in rows], dtype=np.int64)

    def _search(self, source: int, targets: set[int]) -> tuple[dict[int, int], dict[int, int]]:
        """Cost of each settled node and the arc it was reached by, until all targets are settled."""
        settled: dict[int, int] = {}
        by_arc: dict[int, int] = {}
        best = {source: 0}
        queue = [(0, source)]
        open_targets = set(targets)
        while queue and open_targets:
            cost, node = heapq.heappop(queue)
            if node in settled:
                continue
            settled[node] = cost
            open_targets.discard(node)
            for arc in self._arc[self._begin[node] : self._begin[node + 1]]:
                head, reached = self._head[arc], cost + self._cost[arc]
                if reached < best.get(head, UNREACHABLE_MS):
                    best[head], by_arc[head] = reached, arc
                    heapq.heappush(queue, (reached, head))
        return settled, by_arc


def make_engine(arcs: Arcs, cost_ms: Array, saved: Path | None = None) -> Hierarchy | PlainSearch:
    """The fast engine where its package is installed, else the plain one."""
    try:
        return Hierarchy(arcs, cost_ms, saved)
    except ImportError:
        return PlainSearch(arcs, cost_ms)
