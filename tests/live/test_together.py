"""Questions that are asked at the same moment are asked in one round trip."""

import asyncio
from collections.abc import Sequence

import pytest

from live.together import MOST_AT_ONCE, Together
from tests.waiting import until


async def test_what_is_asked_in_one_turn_goes_together() -> None:
    """A thousand askers cost two rounds, each key is asked once a round, and what is left out is None."""
    rounds: list[list[int]] = []

    async def ask_many(numbers: Sequence[int]) -> dict[int, int]:
        rounds.append(list(numbers))
        return {number: number * 2 for number in numbers if number % 2}

    together = Together(ask_many)
    answers = await asyncio.gather(*(together.ask(number % 700) for number in range(1000)))
    assert [n % 700 * 2 if n % 2 else None for n in range(1000)] == answers
    assert [MOST_AT_ONCE, 500] == [len(each) for each in rounds]
    assert 6 == await together.ask(3)


async def test_one_by_one_whoever_comes_meanwhile_goes_with_the_next() -> None:
    """While a question is under way nothing else is asked; then all who waited go at once, at most `most`."""
    rounds: list[list[int]] = []
    may_go = asyncio.Event()

    async def ask_many(numbers: Sequence[int]) -> dict[int, int]:
        rounds.append(list(numbers))
        await may_go.wait()
        return {number: number for number in numbers}

    together = Together(ask_many, most=3, one_by_one=True)
    asked = []
    for number in range(6):
        asked.append(asyncio.ensure_future(together.ask(number)))
        await until(lambda: bool(rounds))
    may_go.set()
    assert list(range(6)) == await asyncio.gather(*asked)
    assert [[0], [1, 2, 3], [4, 5]] == rounds


async def test_a_failure_reaches_all_who_asked_and_nobody_later() -> None:
    """Everybody of the round gets the error; the next round begins anew."""
    broken = [True]

    async def ask_many(names: Sequence[str]) -> dict[str, str]:
        if broken.pop():
            raise OSError("away")
        return {name: name for name in names}

    together = Together(ask_many)
    first = await asyncio.gather(together.ask("a"), together.ask("b"), return_exceptions=True)
    assert ["away", "away"] == [str(each) for each in first]
    broken.append(False)
    assert "a" == await together.ask("a")


async def test_who_gives_up_takes_the_answer_from_nobody() -> None:
    """One of two askers is cancelled; the other gets its answer."""
    may_go = asyncio.Event()

    async def ask_many(names: Sequence[str]) -> dict[str, str]:
        await may_go.wait()
        return {name: name for name in names}

    together = Together(ask_many)
    one, two = asyncio.ensure_future(together.ask("a")), asyncio.ensure_future(together.ask("a"))
    await asyncio.wait({one}, timeout=0)
    one.cancel()
    may_go.set()
    assert "a" == await two
    with pytest.raises(asyncio.CancelledError):
        await one
