"""Whoever asks the outside is over once it was cancelled, however often that takes."""

import asyncio

import pytest

from calls.ending import cancelled
from tests.ending import stubborn


async def test_who_swallows_a_cancellation_is_asked_again() -> None:
    """Until it is over; what it raises then is for whoever asks it."""
    swallowed, begun = 0, asyncio.Event()

    async def deaf_thrice() -> None:
        nonlocal swallowed
        while swallowed < 3:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        raise OSError("away")

    task, other = asyncio.create_task(deaf_thrice()), asyncio.create_task(asyncio.Event().wait())
    await begun.wait()
    assert set() == await cancelled(task, other, again_s=0.01)
    assert (3, "away", True) == (swallowed, str(task.exception()), other.cancelled())


async def test_those_that_do_not_end_in_time_are_named() -> None:
    """With a bound nobody waits for ever; without tasks nobody waits."""
    may_end, begun = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(stubborn(begun, may_end))
    await begun.wait()
    assert {task} == await cancelled(task, again_s=0.01, within_s=0.03)
    may_end.set()
    assert set() == await cancelled(task)
    assert set() == await cancelled()


async def test_who_is_cancelled_while_it_ends_another_says_so_once_that_is_over() -> None:
    """Nothing is closed under what still runs: the wait goes on, and only then is the cancellation passed on."""
    begun, may_end, asked = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            asked.set()
            await may_end.wait()

    task = asyncio.ensure_future(slow())
    await begun.wait()
    ending = asyncio.ensure_future(cancelled(task, again_s=60))
    await asked.wait()
    ending.cancel()
    assert (set(), {ending}) == await asyncio.wait({ending}, timeout=0.01)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert task.done()
