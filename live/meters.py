"""What this process has delivered, as plain counters for a metrics page to read; no metrics library is known here."""

from bisect import bisect_left
from collections import Counter

DELAY_BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)


class Histogram:
    """How often a value fell under each bound; the last count is what lay above all of them."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def quantile(self, share: float) -> float:
        """The bound under which `share` of all values lie, infinity when above the last; 0 when nothing was counted."""
        wanted = share * sum(self.counts)
        if not wanted:
            return 0.0
        for bound, count in zip(self.bounds, self.counts, strict=False):
            wanted -= count
            if wanted <= 0:
                return bound
        return float("inf")


class Meters:
    """Counters of one process since its start. `delay_ms`: from a report's arrival to the write to a watcher."""

    __slots__ = (
        "bytes_out", "closes", "delay_ms", "ephemeral_dropped", "frames_in", "frames_out", "gaps", "latest_merged",
        "log_overflows", "messages_in", "messages_out", "reads", "refused_upgrades", "relay_in", "relay_losses",
        "relay_out", "relay_unsent", "sockets_opened",
    )

    def __init__(self) -> None:
        self.delay_ms = Histogram(DELAY_BOUNDS_MS)
        self.closes: dict[int, int] = {}
        self.reads: Counter[str] = Counter()  # what resuming sockets needed, by where it came from
        self.bytes_out = self.frames_in = self.frames_out = self.messages_in = self.messages_out = 0
        self.latest_merged = self.ephemeral_dropped = self.log_overflows = self.gaps = 0
        self.relay_in = self.relay_out = self.relay_unsent = self.relay_losses = 0
        self.sockets_opened = self.refused_upgrades = 0

    def closed(self, code: int) -> None:
        """Count a socket that ended with this close code."""
        self.closes[code] = self.closes.get(code, 0) + 1
