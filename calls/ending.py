"""Ending what asks the outside: cancelled until it is over.

Once is not enough. redis-py swallows a cancellation that falls into its connecting, and on Python 3.11
`asyncio.wait_for`, by which drivers wait, swallows one that comes with the answer.
"""

import asyncio
from typing import Any

AGAIN_S = 5.0  # by then a driver has connected or given up


async def cancelled(
    *tasks: "asyncio.Future[Any]", again_s: float = AGAIN_S, within_s: float | None = None
) -> "set[asyncio.Future[Any]]":
    """Cancel each, anew every `again_s`, until all are over; those that are not after `within_s`, if it is given.

    What they raise is looked at, so that asyncio does not complain, and is for whoever asks them. Raises nothing, but
    that whoever waits here was cancelled meanwhile: that is said once they are over, so that nothing is closed under
    what still runs.
    """
    left, interruption = set(tasks), None
    loop = asyncio.get_running_loop()
    until_s = None if within_s is None else loop.time() + within_s
    while left and (until_s is None or loop.time() < until_s):
        for task in left:
            task.cancel()
        interruption = await _wait(left, again_s) or interruption
        left = {task for task in left if not task.done()}
    for task in set(tasks) - left:
        if not task.cancelled():
            task.exception()
    if interruption is not None:
        raise interruption
    return left


async def _wait(tasks: "set[asyncio.Future[Any]]", within_s: float) -> asyncio.CancelledError | None:
    """Until they are over or it is late, also when we are cancelled meanwhile, which is returned."""
    loop = asyncio.get_running_loop()
    late_s, interruption = loop.time() + within_s, None
    while (left_s := late_s - loop.time()) > 0 and not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks, timeout=left_s)
        except asyncio.CancelledError as error:
            interruption = error
    return interruption
