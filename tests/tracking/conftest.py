"""A running Reporter on the real Valkey for each test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import redis.asyncio as aioredis

from tests.ending import cancelled
from tests.tracking.rides import remembers_nothing
from tracking.messages import Fix
from tracking.report import Reporter
from tracking.store import TrackingStore


class Process:
    """One process of the service, as far as reports go: its store, its reporter and the fixes it delivered."""

    def __init__(self, redis: aioredis.Redis, prefix: str, options: dict[str, Any]) -> None:
        self.fixes: list[Fix] = []
        recall = options.pop("recall", remembers_nothing)
        store_options = {name: options.pop(name) for name in ("max_backlog_bytes", "heard_every_s") if name in options}
        self.store = TrackingStore(redis, prefix, **store_options)
        self.reporter = Reporter(self.store, recall, on_fixes=self.fixes.extend, **options)


@asynccontextmanager
async def running(redis: aioredis.Redis, prefix: str, **options: Any) -> AsyncIterator[Process]:
    """A process whose reporter runs."""
    process = Process(redis, prefix, options)
    task = asyncio.create_task(process.reporter.run())
    try:
        yield process
    finally:
        await cancelled(task, forgive=())


StartProcess = Callable[..., Any]


@pytest.fixture
async def start_process(redis_client: aioredis.Redis, prefix: str) -> AsyncIterator[StartProcess]:
    """Starts processes that share Redis; they end with the test."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> Process:
            return await stack.enter_async_context(running(redis_client, prefix, **options))

        yield start


@pytest.fixture
async def process(start_process: StartProcess) -> Process:
    """The one process of a simple test."""
    started: Process = await start_process()
    return started
