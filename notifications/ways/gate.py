"""A provider behind its breaker, its time-out and its rate: more than the rate waits its turn, for a bounded time."""

import asyncio
from collections.abc import Awaitable, Callable

from calls.guard import Guard
from notifications.ways.outcome import Busy, Refused

LONGEST_WAIT_S = 10.0


class Gate:
    """At most `per_s` questions a second, evenly. `guard.level` and `guard.counts` are for the metrics."""

    def __init__(self, name: str, *, timeout_s: float, per_s: float) -> None:
        self.guard = Guard(name, timeout_s, answers=(Refused, Busy))
        self._gap_s = 1.0 / per_s
        self._next_s = 0.0

    async def ask(self, call: Callable[[], Awaitable[None]]) -> None:
        """Do it when its turn comes; raises Busy when that would take too long, and whatever the guard raises."""
        now_s = asyncio.get_running_loop().time()
        turn_s = max(now_s, self._next_s)
        if turn_s - now_s > LONGEST_WAIT_S:
            raise Busy(turn_s - now_s)
        self._next_s = turn_s + self._gap_s
        if turn_s > now_s:
            await asyncio.sleep(turn_s - now_s)
        await self.guard.ask(call)
