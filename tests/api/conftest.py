"""One running process of the service for a test, on a database and key prefix of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from infra.clients import Database, open_mongo
from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from infra.settings import Settings
from tests.api.programs import Program
from tests.api.serving import SECRET, Service, serving
from tests.shelf import Shelf

# Fixtures with a service that runs from the beginning.
SERVED = frozenset({"service", "reachable", "signing", "streets", "brief", "ways", "scene"})


@pytest.fixture(scope="session")
def shelf(valkey: Valkey, mongod: Mongod) -> Shelf:
    """Databases in which a service's indexes stand."""
    return Shelf(valkey.url, mongod.url)


@pytest.fixture
async def database_name(request: pytest.FixtureRequest, shelf: Shelf, prefix: str) -> AsyncIterator[str]:
    """One from the shelf where a service runs from the beginning; others begin with nothing, as a worker may."""
    if SERVED.isdisjoint(request.fixturenames):
        yield prefix
        return
    name = await shelf.take()
    yield name
    shelf.put(name)


@pytest.fixture
async def database(mongod: Mongod, database_name: str, prefix: str) -> AsyncIterator[Database]:
    """A database of this test's own."""
    async with open_mongo(mongod.url, database_name) as db:
        yield db
        if database_name == prefix:
            await db.client.drop_database(prefix)


@pytest.fixture
def settings(valkey: Valkey, mongod: Mongod, database_name: str, prefix: str) -> Settings:
    """Settings for a process of this test's own."""
    return Settings(
        redis_url=valkey.url, mongo_url=mongod.url, mongo_db=database_name, key_prefix=prefix, jwt_secret=SECRET,
        allowed_origins=("https://shop.example",), public_url="https://track.example", drain_s=2,
    )


@pytest.fixture
async def service(settings: Settings, database: object) -> AsyncIterator[Service]:
    """One running process; the `database` fixture sees to what it wrote."""
    async with serving(settings) as process:
        yield process


@pytest.fixture
def env(valkey: Valkey, mongod: Mongod, prefix: str, database: Database) -> dict[str, str]:
    """The environment of a process of this test's own."""
    return {
        "REDIS_URL": valkey.url, "MONGO_URL": mongod.url, "MONGO_DB": database.name, "KEY_PREFIX": prefix,
        "JWT_SECRET": SECRET, "DRAIN_S": "3",
    }


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """Programs to be ended with the test, however it goes."""
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()
