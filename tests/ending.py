"""What a test started is over within a deadline, or the test says what is not: nothing hangs while it is cleared up."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from calls import ending
from tests.waiting import SCALE, TooLate

END_S = 30.0


async def stubborn(begun: asyncio.Event, may_end: asyncio.Event) -> None:
    """One that swallows every cancellation until it may end, as drivers swallow some."""
    while not may_end.is_set():
        begun.set()
        try:
            await may_end.wait()
        except asyncio.CancelledError:
            continue


async def over(*running: Awaitable[Any], within_s: float = END_S) -> None:
    """Wait until these have ended; raises what the first of them raised, or TooLate with those that have not ended."""
    tasks = [asyncio.ensure_future(each) for each in running]
    await _ended(tasks, within_s)
    for task in tasks:
        await task


async def cancelled(
    *tasks: "asyncio.Future[Any]", forgive: type[BaseException] | tuple[type[BaseException], ...] = BaseException,
    within_s: float = END_S,
) -> None:
    """Cancel them and wait. What they raise and is not forgiven is raised here; TooLate names those that go on.

    They are asked more than once, as `calls/ending.py` says.
    """
    again_s = min(ending.AGAIN_S, within_s)
    _refuse(await ending.cancelled(*tasks, again_s=again_s, within_s=within_s * SCALE), within_s)
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, forgive):
            raise error


async def _ended(tasks: "Sequence[asyncio.Future[Any]]", within_s: float) -> None:
    _refuse((await asyncio.wait(tasks, timeout=within_s * SCALE))[1] if tasks else set(), within_s)


def _refuse(left: "set[asyncio.Future[Any]]", within_s: float) -> None:
    for task in left:
        task.cancel()
    if left:
        raise TooLate(f"not over within {within_s * SCALE:.0f} s: {sorted(map(repr, left))}")
