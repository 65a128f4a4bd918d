"""Background work that must not die: tasks of one TaskGroup, restarted with backoff, their state open to health."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from calls.ending import cancelled

log = structlog.get_logger(__name__)
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 10.0
STEADY_AFTER_S = 30.0
CANCEL_AGAIN_S = 3.0
Work = Callable[[], Awaitable[object]]


class Duty(msgspec.Struct):
    """One piece of background work as it stands."""

    name: str
    is_running: bool = False
    restarts: int = 0
    last_error: str = ""


def wait_before(attempt: int, random_share: float) -> float:
    """Seconds before restart number `attempt` (from 0): doubling, bounded, and spread by full jitter."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt, 16)) * (0.5 + random_share / 2)


class Supervisor:
    """Keeps duties running until its `async with` ends; then they are cancelled and waited for."""

    def __init__(self) -> None:
        self.duties: dict[str, Duty] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Supervisor":
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        try:
            await cancelled(*self._tasks, again_s=CANCEL_AGAIN_S)
        finally:
            await self._group.__aexit__(None, None, None)

    def keep(self, name: str, work: Work) -> None:
        """Run `work` for ever: whether it returns or raises, it starts again."""
        duty = self.duties[name] = Duty(name)
        self._tasks.append(self._group.create_task(self._keep(duty, work), name=name))

    async def _keep(self, duty: Duty, work: Work) -> None:
        attempt = 0
        while True:
            started_s = time.monotonic()
            duty.is_running = True
            try:
                await work()
                duty.last_error = "it returned"
            except Exception as error:
                duty.last_error = f"{type(error).__name__}: {error}"
            finally:
                duty.is_running = False
            if time.monotonic() - started_s > STEADY_AFTER_S:
                attempt = 0
            duty.restarts += 1
            wait_s = wait_before(attempt, random.random())  # noqa: S311 - jitter
            log.error("background work ended", work=duty.name, error=duty.last_error, again_in_s=round(wait_s, 2))
            attempt += 1
            await asyncio.sleep(wait_s)
