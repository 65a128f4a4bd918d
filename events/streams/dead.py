"""The dead letters in Redis: a stream that is read without taking, and replayed from in one transaction each."""

from collections.abc import Sequence
from typing import Any

from redis.exceptions import ResponseError

from events.streams import keys
from events.streams.entries import FIELD, pack, read_dead
from events.transport import DeadLetter


async def list_dead(redis: Any, prefix: str, limit: int) -> list[DeadLetter]:
    """At most `limit` of them, oldest first."""
    return [read_dead(entry, fields) for entry, fields in await redis.xrange(keys.dead(prefix), count=limit)]


async def replay_dead(redis: Any, prefix: str, ids: Sequence[str] | None, limit: int) -> int:
    """Those named go back to the queue they died in. An id that is none names nothing."""
    stream, found = keys.dead(prefix), []
    if ids is None:
        found = await redis.xrange(stream, count=limit)
    for each in () if ids is None else ids[:limit]:
        try:
            found += await redis.xrange(stream, min=each, max=each)
        except ResponseError:
            continue
    replayed = 0
    for entry, fields in found:
        queue, body = fields[b"queue"].decode(), fields[b"body"]
        async with redis.pipeline(transaction=True) as both:
            both.xdel(stream, entry)
            both.xadd(keys.stream(prefix, queue), {FIELD: pack(1, body)})
            deleted, _ = await both.execute()
        replayed += deleted
    return replayed
