"""One provider behind its breaker and a time-out: while the breaker is open a call fails at once with CircuitOpen.

Whoever has providers keeps a guard for each; `api/circuits.py` shows `level` and `counts` of all of them. What a call
raises counts as a failure, unless it is in `answers`: a refusal is an answer too. A cancelled call counts as neither.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from calls.breaker import CLOSED, HALF_OPEN, OPEN, Breaker

Answer = TypeVar("Answer")
LEVELS = {CLOSED: 0.0, HALF_OPEN: 1.0, OPEN: 2.0}


class CircuitOpen(Exception):
    """Not asked: the provider failed too often a moment ago. `name` is the provider's."""

    def __init__(self, name: str, again_in_s: float) -> None:
        super().__init__(f"circuit_open: {name} is left alone for another {again_in_s:.1f} s")
        self.name, self.again_in_s = name, again_in_s


class Guard:
    """Asks one provider. `now_s` is a clock that never jumps."""

    def __init__(
        self, name: str, timeout_s: float, *, answers: tuple[type[Exception], ...] = (),
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.timeout_s, self.answers = name, timeout_s, answers
        self.breaker = Breaker()
        self.counts = {"answered": 0, "failed": 0, "not_asked": 0}
        self._now_s = now_s

    @property
    def level(self) -> float:
        """For a gauge: 0 closed, 1 half open, 2 open."""
        return LEVELS[self.breaker.state]

    async def ask(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the call answers; raises CircuitOpen without asking, TimeoutError, or what the call raises."""
        if not self.breaker.may_ask(self._now_s()):
            self.counts["not_asked"] += 1
            raise CircuitOpen(self.name, self.breaker.rests_s(self._now_s()))
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await call()
        except self.answers:
            self._went_well()
            raise
        except Exception:
            self.counts["failed"] += 1
            self.breaker.failed(self._now_s())
            raise
        except BaseException:
            self.breaker.given_up()
            raise
        self._went_well()
        return answer

    def _went_well(self) -> None:
        self.counts["answered"] += 1
        self.breaker.went_well()
