"""Calls to the cache's Redis: none waits long, and after one that failed it is left alone for a moment."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
CALL_S = 0.5  # longer than any answer of a healthy server
AWAY_S = 1.0  # after a failure Redis is left alone for so long


class Away(Exception):
    """The cache could not be asked."""


class Calls:
    """`failures`: how many calls were in vain."""

    def __init__(self) -> None:
        self.failures = 0
        self._away_until_s = 0.0

    async def ask(self, call: Awaitable[Any], *, at_any_cost: bool = False) -> Any:
        """What Redis answers; raises Away, at once when it failed a moment ago and this one is not worth the wait."""
        if at_any_cost:
            self._away_until_s = 0.0
        if time.monotonic() < self._away_until_s:
            if asyncio.iscoroutine(call):
                call.close()
            raise Away
        try:
            async with asyncio.timeout(CALL_S):
                return await call
        except (RedisError, OSError, TimeoutError) as error:
            self.failed(error)
            raise Away from error

    async def quietly(self, call: Awaitable[Any]) -> None:
        """The same, for what may be left undone."""
        try:
            await self.ask(call)
        except Away:
            return

    def failed(self, error: Exception) -> None:
        """A call was in vain."""
        self.failures += 1
        if time.monotonic() >= self._away_until_s:
            log.warning("the cache did not answer; going on without", error=f"{type(error).__name__}: {error}")
        self._away_until_s = time.monotonic() + AWAY_S
