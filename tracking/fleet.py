"""The whole fleet at once: what a process reads before it can show areas."""

from tracking.messages import Fix
from tracking.store import TrackingStore

CHUNK = 500  # riders per round trip: some 200 KB, a few milliseconds


async def everyone(store: TrackingStore, since_ms: int) -> list[Fix]:
    """The newest fix of every rider heard of since then; raises StoreDown."""
    riders = await store.heard_since(since_ms)
    fixes: list[Fix] = []
    for at in range(0, len(riders), CHUNK):
        fixes += (await store.newest(riders[at : at + CHUNK])).values()
    return [fix for fix in fixes if fix.received >= since_ms]
