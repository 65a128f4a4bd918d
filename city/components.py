"""Which junctions can reach each other both ways: Tarjan's strongly connected components, without recursion."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def strong_components(tails: NDArray[Any], heads: NDArray[Any], node_count: int) -> NDArray[Any]:
    """The component number of each node, for arcs tails[i] → heads[i]."""
    order = np.argsort(tails, kind="stable")
    targets: list[int] = heads[order].tolist()
    begin: list[int] = np.searchsorted(tails[order], np.arange(node_count + 1)).tolist()
    walk = _Walk(targets, begin, node_count)
    for root in range(node_count):
        if walk.index[root] < 0:
            walk.explore(root)
    return np.array(walk.component, dtype=np.int64)


class _Walk:
    """The depth-first walk: index and low link of each node, and the stack of nodes without a component yet."""

    def __init__(self, targets: list[int], begin: list[int], node_count: int) -> None:
        self.targets, self.begin = targets, begin
        self.next_arc = begin[:-1].copy()
        self.index = [-1] * node_count
        self.low = [0] * node_count
        self.component = [-1] * node_count
        self.waiting: list[int] = []
        self.visited = self.found = 0

    def explore(self, root: int) -> None:
        """Give a component to every node that root reaches and that has none."""
        path = [root]
        self._enter(root)
        while path:
            node = path[-1]
            child = self._advance(node)
            if child is not None:
                path.append(child)
                continue
            path.pop()
            if path:
                self.low[path[-1]] = min(self.low[path[-1]], self.low[node])
            if self.low[node] == self.index[node]:
                self._close(node)

    def _enter(self, node: int) -> None:
        self.index[node] = self.low[node] = self.visited
        self.visited += 1
        self.waiting.append(node)

    def _advance(self, node: int) -> int | None:
        """Follow the node's next arcs; the first unseen node behind one is entered and returned."""
        end = self.begin[node + 1]
        while self.next_arc[node] < end:
            child = self.targets[self.next_arc[node]]
            self.next_arc[node] += 1
            if self.index[child] < 0:
                self._enter(child)
                return child
            if self.component[child] < 0:
                self.low[node] = min(self.low[node], self.index[child])
        return None

    def _close(self, node: int) -> None:
        while True:
            member = self.waiting.pop()
            self.component[member] = self.found
            if member == node:
                break
        self.found += 1
