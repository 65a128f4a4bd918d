"""The engine against Autobahn's WebSocket cases, through uvicorn, over real sockets, on both event loops."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from kosoku import FailureError, run_fuzzingclient

from api.socket.engine import Engine
from tests.api.socket.running import Echo, running

NOT_OURS = ["9.*", "12.*", "13.*"]  # megabyte messages, which the frame limit refuses; compression, which is off
CASES = 247


async def count_cases() -> int:
    """Run the cases; how many there were, or an error that names those that failed."""
    async with running(Engine(Echo, path="/")) as url:
        try:
            return len(await run_fuzzingclient(url, None, NOT_OURS, concurrency=2))
        except FailureError as failure:
            raise AssertionError(str(failure)) from failure


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
async def test_every_autobahn_case_without_compression_passes(
    run: Callable[[Coroutine[Any, Any, int]], int],
) -> None:
    """Framing, fragments, UTF-8, control frames and the closing handshake are as RFC 6455 wants them."""
    assert CASES == await asyncio.to_thread(run, count_cases())
