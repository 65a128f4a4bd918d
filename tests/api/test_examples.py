"""The example programs run as they stand against a real service: a rider, a customer's map, a chat window."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.api.serving import CHAIN, Service
from tests.ending import over

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
Program = asyncio.subprocess.Process


@asynccontextmanager
async def example(service: Service, name: str, *words: str) -> AsyncIterator[Program]:
    """One of client/examples as a process, ended with the block."""
    url = service.url.replace("http", "ws") + "/ws"
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"client.examples.{name}", url, *words, cwd=ROOT, stdin=pipe, stdout=pipe,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
        await over(program.wait())


async def says(program: Program, words: str) -> None:
    """Read what it prints until a line holds these words."""
    assert program.stdout is not None
    async with asyncio.timeout(60):
        while words not in (line := (await program.stdout.readline()).decode()):
            assert line, f"it ended without saying {words!r}"


async def types(program: Program, text: str, *, end: bool = False) -> None:
    """Write to its standard input."""
    assert program.stdin is not None
    program.stdin.write(text.encode())
    await program.stdin.drain()
    if end:
        program.stdin.close()


async def test_a_rider_is_followed_by_a_customer(service: Service) -> None:
    """The places typed into one program are printed by the other, between pick-up and delivery."""
    order = await service.order(rider="r1")
    boss, customer, rider = (service.person(*who) for who in (("admin", "a1"), ("customer", "c1"), ("rider", "r1")))
    async with example(service, "follow", customer.bearer, order) as follower:
        await says(follower, f"order {order} is order_placed")
        await boss.steps(order, *CHAIN[:4])
        await says(follower, "is picked_up")
        async with example(service, "ride", rider.bearer) as riding:
            await types(riding, "14.604321,120.987654\n", end=True)
            await says(riding, "1 places are durable")
            assert 0 == await riding.wait()
        await says(follower, "rider at 14.604321 120.987654")
        await boss.steps(order, *CHAIN[4:])
        await says(follower, "is delivered")
        assert 0 == await follower.wait()


async def test_a_shop_and_its_customer_talk(service: Service) -> None:
    """What is typed into one window is read in the other."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    room = (await customer.post("/api/rooms", {"vendor_id": "v1"})).json()["id"]
    async with (
        example(service, "chat", customer.bearer, room) as one, example(service, "chat", vendor.bearer, room) as two
    ):
        await types(one, "Is the bread still warm?\n")
        await says(one, "c1: Is the bread still warm?")
        await types(two, "Just out of the oven.\n")
        await says(one, "v1: Just out of the oven.")
        for window in (one, two):
            await types(window, "", end=True)
            assert 0 == await window.wait()
