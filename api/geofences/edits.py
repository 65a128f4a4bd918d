"""Whoever watches `ops` hears that a fence was drawn, changed or deleted, and reads it again. Told at most once."""

import time
from collections.abc import Callable

from live.hub import Hub
from live.push import Push


def telling(hub: Hub) -> Callable[[bytes], None]:
    """What hears the store's word of an edit, from any process, and tells this one's watchers."""

    def hear(fence_id: bytes) -> None:
        fence = fence_id.decode()
        hub.latest("ops", f"fence:{fence}", time.time_ns(), Push({"type": "fence.changed", "fence": fence}))

    return hear
