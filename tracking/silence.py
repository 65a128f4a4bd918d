"""A rider who carries an order and says nothing for 180 s: told to `ops`, once per silence.

Silence of a rider without an order is their own affair. Which silences are new is the store's knowledge, and one worker
gets each; the words are here.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from tracking.store import TrackingStore

SILENT_AFTER_S = 180.0
EVERY_S = 15.0

Carrying = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]  # riders → their open orders
Tell = Callable[[dict[str, Any]], Awaitable[None]]


def silent(rider: str, order: str, since_ms: int) -> dict[str, Any]:
    """The item for the `ops` log. `since` is when the rider was last heard of, epoch ms."""
    return {"type": "silent", "rider": rider, "order": order, "since": since_ms}


async def sweep(store: TrackingStore, carrying: Carrying, tell: Tell, silent_after_s: float = SILENT_AFTER_S) -> int:
    """Tell of every rider newly silent while carrying an order; how many. Raises StoreDown."""
    told = 0
    while found := await store.newly_silent(silent_after_s):
        orders = await carrying([rider for rider, _ in found])
        for rider, since_ms in found:
            if rider in orders:
                await tell(silent(rider, orders[rider], since_ms))
                told += 1
    return told
