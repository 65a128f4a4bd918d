"""Counting requests in windows of a minute within one process: what is left when Redis cannot be asked. Pure."""

import msgspec

WINDOW_MS = 60_000
MOST_COUNTERS = 20_000


class Count(msgspec.Struct, frozen=True):
    """How many there were in this window, with this one, and how long (ms) it still lasts."""

    count: int
    left_ms: int


class Windows:
    """Counters by key. When there are too many, those whose window is over go, and if that is not enough, all."""

    def __init__(self) -> None:
        self._counters: dict[str, tuple[int, float]] = {}

    def count(self, key: str, now_ms: float, window_ms: int = WINDOW_MS) -> Count:
        """One more request under this key."""
        count, ends_ms = self._counters.get(key, (0, 0.0))
        if ends_ms <= now_ms:
            self._make_room(now_ms)
            count, ends_ms = 0, now_ms + window_ms
        self._counters[key] = count + 1, ends_ms
        return Count(count + 1, int(ends_ms - now_ms))

    def _make_room(self, now_ms: float) -> None:
        if len(self._counters) >= MOST_COUNTERS:
            self._counters = {key: kept for key, kept in self._counters.items() if kept[1] > now_ms}
        if len(self._counters) >= MOST_COUNTERS:
            self._counters.clear()
