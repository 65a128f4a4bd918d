"""Real servers for the whole run, and a key prefix and database of its own for each test."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import redis.asyncio as aioredis
from hypothesis import settings

from infra.clients import Database, open_mongo, open_redis
from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from tests.overseer import (  # noqa: F401  hooks: pytest finds them here
    pytest_configure,
    pytest_runtest_logreport,
    pytest_runtest_protocol,
    pytest_timeout_cancel_timer,
    pytest_timeout_set_timer,
)

settings.register_profile("ours", deadline=None)  # what is timed is a benchmark, and a busy machine is no mistake
settings.load_profile("ours")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real Valkey shared by the run."""
    server = Valkey(tmp_path_factory.mktemp("valkey")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """A real one-node replica set shared by the run."""
    server = Mongod(tmp_path_factory.mktemp("mongod")).start()
    yield server
    server.stop()


@pytest.fixture
def prefix() -> str:
    """A Redis key prefix that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def redis_client(valkey: Valkey) -> AsyncIterator[aioredis.Redis]:
    """A client of the run's Valkey; use it with the `prefix` fixture."""
    async with open_redis(valkey.url) as client:
        yield client


@pytest.fixture
async def database(mongod: Mongod, prefix: str) -> AsyncIterator[Database]:
    """A database of this test's own, dropped afterwards."""
    async with open_mongo(mongod.url, prefix) as db:
        yield db
        await db.client.drop_database(prefix)
