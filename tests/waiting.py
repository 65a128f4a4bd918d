"""Waiting for a thing instead of for a time: the one place in the tests where anything sleeps.

A deadline says how long we believe, never how long we wait; TEST_SCALE=4 stretches every one on a slow machine.
"""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

Thing = TypeVar("Thing")
SCALE = float(os.environ.get("TEST_SCALE", "1"))


class TooLate(AssertionError):
    """The thing did not come within its deadline; the message says how long we waited and what was there instead."""


@overload
async def until(
    look: Callable[[], Awaitable[Thing | None]], within_s: float = 10, every_s: float = 0.02
) -> Thing: ...
@overload
async def until(look: Callable[[], Thing | None], within_s: float = 10, every_s: float = 0.02) -> Thing: ...
async def until(look: Callable[[], Any], within_s: float = 10, every_s: float = 0.02) -> Any:
    """What `look` returns, once that is truthy. `look` may be async; raises TooLate with the last answer."""
    deadline = time.monotonic() + within_s * SCALE
    while True:
        seen = look()
        answer = await seen if inspect.isawaitable(seen) else seen
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TooLate(f"not within {within_s * SCALE:.1f} s; last seen: {answer!r}")
        await asyncio.sleep(every_s)


def until_now(look: Callable[[], Thing | None], within_s: float = 10, every_s: float = 0.02) -> Thing:
    """The same outside an event loop."""
    deadline = time.monotonic() + within_s * SCALE
    while not (answer := look()):
        if time.monotonic() > deadline:
            raise TooLate(f"not within {within_s * SCALE:.1f} s; last seen: {answer!r}")
        time.sleep(every_s)
    return answer
