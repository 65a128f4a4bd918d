"""Real servers for the whole run, and a key prefix and database of its own for each test."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio as aioredis
from hypothesis import settings

from infra.clients import Database, open_mongo, open_redis
from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from tests import memory
from tests.order import pytest_collection_finish, pytest_collection_modifyitems  # noqa: F401  hooks, like the next
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
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the run's servers keep their data."""
    with memory.place(tmp_path_factory.mktemp("servers")) as directory:
        yield directory


@pytest.fixture(scope="session")
def valkey(servers: Path) -> Iterator[Valkey]:
    """A real Valkey shared by the run."""
    server = Valkey(servers / "valkey").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mongod(servers: Path) -> Iterator[Mongod]:
    """A real one-node replica set shared by the run."""
    server = Mongod(servers / "mongod").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city directory with a map of its own: the invented town."""
    from city.build import ready_invented  # heavy, and few tests want one
    from city.manifest import Manifest

    directory = tmp_path_factory.mktemp("town") / "town"
    made = ready_invented(directory)
    assert isinstance(made, Manifest), made
    return directory


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
    """A database of this test's own, dropped afterwards; tests/api has others for tests that begin with a service."""
    async with open_mongo(mongod.url, prefix) as db:
        yield db
        await db.client.drop_database(prefix)
