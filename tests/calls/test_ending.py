"""Whoever asks the outside is over once it was cancelled, however often that takes."""

import asyncio

from calls.ending import cancelled


async def test_who_swallows_a_cancellation_is_asked_again() -> None:
    """Until it is over; what it raises then is for whoever asks it."""
    swallowed, begun = 0, asyncio.Event()

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 3:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        raise OSError("away")

    task, other = asyncio.create_task(stubborn()), asyncio.create_task(asyncio.Event().wait())
    await begun.wait()
    assert set() == await cancelled(task, other, again_s=0.01)
    assert (3, "away", True) == (swallowed, str(task.exception()), other.cancelled())


async def test_those_that_do_not_end_in_time_are_named() -> None:
    """With a bound nobody waits for ever; without tasks nobody waits."""
    may_end, begun = asyncio.Event(), asyncio.Event()

    async def deaf() -> None:
        while not may_end.is_set():
            begun.set()
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(deaf())
    await begun.wait()
    assert {task} == await cancelled(task, again_s=0.01, within_s=0.03)
    may_end.set()
    assert set() == await cancelled(task)
    assert set() == await cancelled()
