"""A rider's inbox in Redis: what waits to be read, once. What is read or older than seven days is gone from it.

A copy for phones that come and go; the truth is in MongoDB. An entry that was handed out stays until it is
acknowledged, so a lost answer loses nothing.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from redis.exceptions import RedisError

from notifications import keys

MOST = 200
_AWAY = (RedisError, OSError, TimeoutError)
Entry = dict[str, Any]
logger = structlog.get_logger(__name__)


class RiderInbox:
    """Where Redis does not answer, nothing is written, and `read` answers None."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self._redis, self._prefix = redis, prefix

    async def put(self, rider: str, entry: Entry) -> None:
        """Add a notification, or replace it by itself."""
        key = keys.inbox(self._prefix, rider)
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(key, entry["notification_id"], msgspec.msgpack.encode(entry))
                pipe.expire(key, keys.INBOX_LIFE_S)
                pipe.hlen(key)
                *_, count = await pipe.execute()
            if count > MOST:
                await self._trim(key)
        except _AWAY as error:
            logger.warning("a rider's inbox could not be written", rider=rider, error=repr(error))

    async def take_out(self, rider: str, ids: Sequence[str]) -> None:
        """These were read or dismissed."""
        if not ids:
            return
        try:
            await self._redis.hdel(keys.inbox(self._prefix, rider), *ids)
        except _AWAY as error:
            logger.warning("a rider's inbox could not be cleared", rider=rider, error=repr(error))

    async def read(self, rider: str, now_ms: int) -> list[Entry] | None:
        """What waits, newest first; None when Redis does not answer."""
        try:
            fields: dict[bytes, bytes] = await self._redis.hgetall(keys.inbox(self._prefix, rider))
        except _AWAY as error:
            logger.warning("a rider's inbox could not be read", rider=rider, error=repr(error))
            return None
        entries: list[Entry] = [msgspec.msgpack.decode(packed) for packed in fields.values()]
        fresh = [entry for entry in entries if entry["ts"] > now_ms - keys.INBOX_LIFE_S * 1000]
        return sorted(fresh, key=lambda entry: (entry["ts"], entry["notification_id"]), reverse=True)

    async def _trim(self, key: str) -> None:
        """Over the bound the oldest go."""
        fields: dict[bytes, bytes] = await self._redis.hgetall(key)
        by_age = sorted(fields, key=lambda name: msgspec.msgpack.decode(fields[name])["ts"])
        if len(by_age) > MOST:
            await self._redis.hdel(key, *by_age[: len(by_age) - MOST])
