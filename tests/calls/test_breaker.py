"""When not to ask: a breaker that opens, probes and closes, and a guard that asks through one."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.breaker import CLOSED, FAILURES, HALF_OPEN, OPEN, RESTS_S, SUCCESSES, Breaker
from calls.guard import CircuitOpen, Guard


def opened(now_s: float = 0.0) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(now_s)
    return breaker


def test_five_failures_in_a_row_open_it() -> None:
    """Four and an answer do not."""
    breaker = Breaker()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.failed(0.0)
        breaker.went_well()
    assert CLOSED == breaker.state
    assert OPEN == opened().state
    assert not opened().may_ask(RESTS_S - 0.1)


def test_a_rested_server_is_probed_one_question_at_a_time() -> None:
    """Three probes in a row close it, one that fails opens it for as long again."""
    breaker = opened()
    for _ in range(SUCCESSES):
        assert (True, False) == (breaker.may_ask(RESTS_S), breaker.may_ask(RESTS_S))
        assert HALF_OPEN == breaker.state
        breaker.went_well()
    assert CLOSED == breaker.state
    breaker = opened()
    assert breaker.may_ask(RESTS_S)
    breaker.failed(RESTS_S)
    assert (OPEN, False) == (breaker.state, breaker.may_ask(RESTS_S + 1))


@given(st.lists(st.sampled_from(["ask", "well", "failed", "given_up", "wait"]), max_size=80))
def test_a_breaker_never_locks_for_good(steps: list[str]) -> None:
    """After any history, a server that rests and then answers is asked again."""
    breaker, now_s = Breaker(), 0.0
    for step in steps:
        now_s += RESTS_S if step == "wait" else 0.1
        if step == "ask":
            breaker.may_ask(now_s)
        elif step == "well":
            breaker.went_well()
        elif step == "failed":
            breaker.failed(now_s)
        elif step == "given_up":
            breaker.given_up()
    breaker.given_up()
    for _ in range(SUCCESSES):
        now_s += RESTS_S + 0.1
        assert breaker.may_ask(now_s)
        breaker.went_well()
    assert CLOSED == breaker.state


class Provider:
    """Answers as it is told, at a time that it is told."""

    def __init__(self) -> None:
        self.now_s, self.asked = 0.0, 0
        self.error: Exception | None = None

    async def call(self) -> str:
        """The answer, or the error."""
        self.asked += 1
        if self.error is not None:
            raise self.error
        return "sent"


class NoSuchNumber(Exception):
    """An answer that is a refusal."""


async def ask_failing(guard: Guard, provider: Provider, error: Exception) -> None:
    """One call that fails."""
    provider.error = error
    with pytest.raises(type(error)):
        await guard.ask(provider.call)
    provider.error = None


async def test_after_five_failures_a_provider_is_not_asked_for_thirty_seconds_and_three_answers_close_it() -> None:
    """While it is open a call fails at once and says when the next is due; the gauge follows."""
    provider = Provider()
    guard = Guard("sms", 1.0, now_s=lambda: provider.now_s)
    for _ in range(FAILURES):
        await ask_failing(guard, provider, ConnectionError("refused"))
    provider.now_s = RESTS_S - 0.1
    with pytest.raises(CircuitOpen, match=r"circuit_open: sms is left alone for another 0\.1 s"):
        await guard.ask(provider.call)
    assert (FAILURES, 2.0) == (provider.asked, guard.level)
    provider.now_s = RESTS_S
    assert ["sent"] * SUCCESSES == [await guard.ask(provider.call) for _ in range(SUCCESSES)]
    assert (0.0, {"answered": SUCCESSES, "failed": FAILURES, "not_asked": 1}) == (guard.level, guard.counts)


async def test_a_refusal_is_an_answer_and_a_hanging_call_a_failure() -> None:
    """Any number of wrong telephone numbers leaves it closed; five time-outs open it."""
    provider = Provider()
    guard = Guard("sms", 0.01, answers=(NoSuchNumber,), now_s=lambda: provider.now_s)
    for _ in range(2 * FAILURES):
        await ask_failing(guard, provider, NoSuchNumber())
    assert 0.0 == guard.level
    for _ in range(FAILURES):
        with pytest.raises(TimeoutError):
            await guard.ask(asyncio.Event().wait)
    assert 2.0 == guard.level


async def test_a_cancelled_probe_frees_the_way_for_the_next() -> None:
    """Whoever gives up in half open counts as neither, and the next may ask."""
    provider = Provider()
    guard = Guard("push", 60.0, now_s=lambda: provider.now_s)
    for _ in range(FAILURES):
        await ask_failing(guard, provider, ConnectionError())
    provider.now_s = RESTS_S
    probe = asyncio.ensure_future(guard.ask(asyncio.Event().wait))
    await asyncio.wait({probe}, timeout=0.01)
    with pytest.raises(CircuitOpen):
        await guard.ask(provider.call)
    probe.cancel()
    await asyncio.wait({probe})
    assert ("sent", 1.0) == (await guard.ask(provider.call), guard.level)
