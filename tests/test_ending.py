"""What tests start is ended within a deadline, and what does not end or fails on the way is said."""

import asyncio

import pytest

from tests.ending import cancelled, over, stubborn
from tests.waiting import TooLate, until


async def test_what_will_not_end_is_named_and_nobody_waits_for_it() -> None:
    """A task that swallows its cancellation fails the test that started it, instead of holding the run."""
    may_end, begun = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(stubborn(begun, may_end))
    await begun.wait()
    with pytest.raises(TooLate, match="stubborn"):
        await cancelled(task, within_s=0.01)
    with pytest.raises(TooLate, match="stubborn"):
        await over(task, within_s=0.01)
    may_end.set()
    await over(task)


async def test_what_fails_on_the_way_is_raised_unless_it_is_forgiven() -> None:
    """An error in what was cancelled is nobody's by default; where it matters it reaches the test."""

    async def broken() -> None:
        raise OSError("away")

    def failed() -> asyncio.Task[None]:
        return asyncio.create_task(broken())

    first, second, third = failed(), failed(), failed()
    await until(lambda: all(task.done() for task in (first, second, third)))
    await cancelled(first)
    with pytest.raises(OSError, match="away"):
        await cancelled(second, forgive=())
    with pytest.raises(OSError, match="away"):
        await over(third)
    await cancelled()
