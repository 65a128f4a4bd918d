"""One viewport on the fleet: whom it shows, and what its watchers must be told next.

A viewport is told in three kinds of messages: `position` puts a rider on the map, `left` takes one off, `clusters`
replaces every cluster there was (none, when single riders are shown again). Each rider and the clusters are subjects of
their own and newest wins, so a watcher who misses all but the newest of each holds the true picture, in whatever order
they come. Above 500 riders the single ones leave and clusters come, below 400 they change back.
"""

from collections.abc import Callable, Iterable
from typing import Any

from geo.box import Box
from live.push import Push
from tracking.clusters import Cluster, Crowd, clusters
from tracking.messages import Fix
from tracking.position import FRESH, LEFT, STALE, exact, is_stale, left, rank

CLUSTERS = "~clusters"  # the clusters' subject; no rider is called that, ids hold no tilde
Tell = Callable[[str, int, Push], None]  # subject, rank, push


class Viewport:
    """What one box shows. Pure: `tell` is the hub bound to the box's topic, time is a parameter."""

    def __init__(self, box: Box, crowd: Crowd, tell: Tell, generation: Callable[[], int]) -> None:
        self.box, self.crowd = box, crowd
        self.inside: dict[str, Fix] = {}
        self.crowded = False
        self.due_ms = 0
        self._tell = tell
        self._next_generation = generation
        self._generation = generation()
        self._shown: dict[str, Fix] = {}
        self._changed: dict[str, Push | None] = {}
        self._clusters: list[Cluster] = []

    def moved(self, fix: Fix, push: Push) -> None:
        """A rider inside has a new position."""
        self.inside[fix.rider] = fix
        self._changed[fix.rider] = push

    def gone(self, rider: str) -> None:
        """A rider is no longer inside, or silent."""
        if self.inside.pop(rider, None) is not None:
            self._changed[rider] = None

    def settle(self, riders: Iterable[Fix]) -> None:
        """Start with these riders inside and shown: what the first `state` says, no event has to."""
        self.inside = {fix.rider: fix for fix in riders}
        self.crowded = self.crowd.is_one(len(self.inside), False)
        self._shown = {} if self.crowded else dict(self.inside)
        self._clusters = self._count() if self.crowded else []

    def flush(self) -> bool:
        """Tell everything that changed since the last flush; False when nothing did."""
        if not self._changed:
            return False
        crowded = self.crowd.is_one(len(self.inside), self.crowded)
        if crowded != self.crowded:
            self._switch(crowded)
        elif crowded:
            self._tell_clusters()
        else:
            for rider, push in self._changed.items():
                self._tell_rider(rider, push)
        self._changed.clear()
        return True

    def state(self, now_ms: int) -> dict[str, Any]:
        """The whole picture: {"positions": [...], "clusters": [...]}, one of the two empty. Flushes first."""
        self.flush()
        positions = [exact(fix, stale=is_stale(fix, now_ms)) for fix in self._shown.values()]
        return {"positions": positions, "clusters": _items(self._clusters)}

    def age(self, now_ms: int) -> None:
        """Say of riders shown that their position has grown stale, once: the hub drops what it was told before."""
        for fix in self._shown.values():
            if is_stale(fix, now_ms):
                self._tell(fix.rider, rank(fix, STALE, self._generation), Push(exact(fix, stale=True)))

    def _switch(self, crowded: bool) -> None:
        """From riders to clusters or back: everything shown leaves, everything else comes."""
        self.crowded = crowded
        self._generation = self._next_generation()
        for rider in list(self._shown) if crowded else ():
            self._tell_rider(rider, None)
        self._tell_clusters()
        for fix in () if crowded else self.inside.values():
            self._tell_rider(fix.rider, Push(exact(fix)))

    def _tell_rider(self, rider: str, push: Push | None) -> None:
        fix = self.inside.get(rider)
        if push is not None and fix is not None:
            self._shown[rider] = fix
            self._tell(rider, rank(fix, FRESH, self._generation), push)
        elif (last := self._shown.pop(rider, None)) is not None:
            self._tell(rider, rank(last, LEFT, self._generation), Push(left(rider)))

    def _tell_clusters(self) -> None:
        now = self._count() if self.crowded else []
        if now != self._clusters:
            self._clusters = now
            self._tell(CLUSTERS, self._next_generation(), Push({"type": "clusters", "items": _items(now)}))

    def _count(self) -> list[Cluster]:
        return clusters(((fix.lat, fix.lng) for fix in self.inside.values()), self.box)


def _items(found: list[Cluster]) -> list[dict[str, Any]]:
    return [{"lat": cluster.lat, "lng": cluster.lng, "count": cluster.count} for cluster in found]
