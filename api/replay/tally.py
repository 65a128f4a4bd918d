"""What a replay counts, and whether it ended as it must."""

from collections import Counter
from typing import Any

import msgspec


class Tally(msgspec.Struct):
    """Points over all riders: `points` recorded, `sent` (repeats included), `acked` durable, `duplicates` told by the
    server, `rejected` by reason, `dropped` unsent, `unacked` at the end. Watchers: `watchers`, `complete`, `cut`."""

    trips: int = 0
    points: int = 0
    sent: int = 0
    acked: int = 0
    duplicates: int = 0
    rejected: Counter[str] = msgspec.field(default_factory=Counter)
    dropped: int = 0
    unacked: int = 0
    connections: int = 0
    watchers: int = 0
    complete: int = 0
    cut: int = 0
    tracks: int = 0
    tracks_exact: int = 0
    failures: list[str] = msgspec.field(default_factory=list)

    def holds(self) -> bool:
        """Every point is durable or refused with a reason, every watcher shows the last one, every track is exact."""
        settled = self.acked + sum(self.rejected.values()) == self.points
        watched = self.complete == self.watchers and self.tracks_exact == self.tracks
        return settled and watched and not (self.unacked or self.dropped or self.failures)

    def report(self) -> dict[str, Any]:
        """For people and scripts: all counts, and the first failures in words."""
        counts: dict[str, Any] = msgspec.to_builtins(self)
        counts["rejected"] = dict(self.rejected)
        counts["failures"] = self.failures[:10]
        counts["failed"] = len(self.failures)
        return counts | {"holds": self.holds()}
