"""Riders nobody has heard of for long leave Redis: one hash holds all of them, so no key expires by itself.

A worker walks through the hash now and then, a few hundred riders at a time. Whoever reports meanwhile stays. Their
tracks are in MongoDB, from where a rider who comes back is recalled.
"""

import time
from typing import Any

from tracking import keys
from tracking.flush import TIME_DIGITS, VERSION_BYTES
from tracking.scripts import Script

EVERY_S = 3600.0
FIELDS_A_STEP = 500


async def forget(redis: Any, prefix: str, now_ms: int | None = None) -> int:
    """Drop every rider without a report for keys.STATE_LIFE_S, and who watched riders until long ago; how many."""
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    too_old = f"{now_ms - 1000 * keys.STATE_LIFE_S:011x}".encode()
    gone = await _sweep(
        redis, [keys.riders(prefix), keys.fence_states(prefix)],
        lambda blob: blob[:VERSION_BYTES] if blob[:TIME_DIGITS] < too_old else None,
    )
    return gone + await _sweep(
        redis, [keys.watched(prefix)], lambda until_ms: until_ms if int(until_ms) < now_ms - 60_000 else None
    )


async def _sweep(redis: Any, hashes: list[str], mark: Any) -> int:
    """Walk through the first hash; take what `mark` gives a beginning for out of all of them."""
    script, cursor, gone = Script("forget"), 0, 0
    while True:
        found: Any = await redis.hscan(hashes[0], cursor, count=FIELDS_A_STEP)
        cursor, fields = found
        pairs = [part for name, value in fields.items() if (begin := mark(value)) is not None for part in (name, begin)]
        if pairs:
            gone += int(await script.run(redis, hashes, pairs))
        if not cursor:
            return gone


async def forget_rider(redis: Any, prefix: str, rider: str, now_ms: int) -> None:
    """Take one rider out of everything at once, whenever they were heard of."""
    newest = now_ms // keys.BUCKET_MS
    lived = range(newest - keys.BUCKET_TTL_S * 1000 // keys.BUCKET_MS - 1, newest + 2)
    async with redis.pipeline(transaction=False) as pipe:
        for each in (keys.riders(prefix), keys.fence_states(prefix), keys.watched(prefix)):
            pipe.hdel(each, rider)
        pipe.zrem(keys.heard(prefix), rider)
        for number in lived:
            pipe.zrem(keys.bucket(prefix, number * keys.BUCKET_MS), rider)
        pipe.unlink(keys.online(prefix, rider))
        await pipe.execute()
