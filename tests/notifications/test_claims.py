"""What a sender may do for what it claimed, and until when. MongoDB's part stands in test_deciding.py."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from pymongo.errors import AutoReconnect

from notifications.claims import Claims, Lost
from notifications.store import Row
from tests.ending import cancelled
from tests.waiting import until

LEASE_MS = 400


class Register:
    """Where claims stand: `keeps` says whether they are renewed, `is_away` that nobody can be asked."""

    def __init__(self) -> None:
        self.keeps, self.is_away, self.renewed = True, False, 0

    async def claim(self, lease_ms: int, token: str) -> list[Row]:
        self._check()
        return [{"_id": "n1", "claim": token}]

    async def renew(self, rows: Sequence[Row], lease_ms: int) -> list[Row]:
        self._check()
        self.renewed += 1
        return list(rows) if self.keeps else []

    def _check(self) -> None:
        if self.is_away:
            raise AutoReconnect("away")


@asynccontextmanager
async def claiming(register: Register) -> AsyncIterator[tuple[Claims, Row]]:
    """A row in hand, whose claim is renewed as far as the register does."""
    claims = Claims(register.renew, lease_ms=LEASE_MS, renew_every_s=0.02)
    [row] = await claims.take(register.claim)
    running = asyncio.create_task(claims.run())
    try:
        yield claims, row
    finally:
        await cancelled(running)


async def test_a_claim_lasts_as_long_as_it_is_renewed() -> None:
    """What is under way for longer than a lease is not broken off."""
    register = Register()
    async with claiming(register) as (claims, row), claims.hold(row):
        began_s = asyncio.get_running_loop().time()
        await until(lambda: asyncio.get_running_loop().time() > began_s + 2 * LEASE_MS / 1000)
    assert register.renewed > 2


@pytest.mark.parametrize("why", ["somebody else has it", "MongoDB is away"])
async def test_what_is_under_way_ends_with_the_claim_and_nothing_is_begun_after(why: str) -> None:
    """Whether the claim could not be renewed, or was and had gone to somebody else."""
    register = Register()
    register.keeps = why != "somebody else has it"
    claims = Claims(register.renew, lease_ms=LEASE_MS, renew_every_s=0.02)
    [row] = await claims.take(register.claim)
    register.is_away = why == "MongoDB is away"
    running = asyncio.create_task(claims.run())
    with pytest.raises(Lost, match="ended while it was used"):
        async with claims.hold(row):
            await asyncio.Event().wait()
    with pytest.raises(Lost, match="has ended"):
        async with claims.hold(row):
            raise AssertionError("nothing may be done for it any more")
    await cancelled(running)


async def test_what_was_done_is_noted_once_mongodb_is_back() -> None:
    """A note that failed is written again; one that never can be says why."""
    claims, failures = Claims(Register().renew), [AutoReconnect("away"), TimeoutError("late")]

    async def write() -> None:
        if failures:
            raise failures.pop()

    await claims.note(write)
    assert [] == failures


async def test_while_mongodb_is_away_nothing_is_claimed_and_what_is_in_hand_goes_on() -> None:
    """Claiming again works as soon as it is back."""
    register = Register()
    async with claiming(register) as (claims, row):
        register.is_away = True
        assert [] == await claims.take(register.claim)
        assert 1 == len(claims)
        register.is_away = False
        claims.drop(row)
        assert 1 == len(await claims.take(register.claim))
