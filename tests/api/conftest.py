"""One running process of the service for a test, on a database and key prefix of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from infra.clients import Database
from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from infra.settings import Settings
from tests.api.programs import Program
from tests.api.serving import SECRET, Service, serving


@pytest.fixture
def settings(valkey: Valkey, mongod: Mongod, prefix: str) -> Settings:
    """Settings for a process of this test's own."""
    return Settings(
        redis_url=valkey.url, mongo_url=mongod.url, mongo_db=prefix, key_prefix=prefix, jwt_secret=SECRET,
        allowed_origins=("https://shop.example",), public_url="https://track.example", drain_s=2,
    )


@pytest.fixture
async def service(settings: Settings, database: object) -> AsyncIterator[Service]:
    """One running process; the `database` fixture drops what it wrote."""
    async with serving(settings) as process:
        yield process


@pytest.fixture
def env(valkey: Valkey, mongod: Mongod, prefix: str, database: Database) -> dict[str, str]:
    """The environment of a process of this test's own."""
    return {
        "REDIS_URL": valkey.url, "MONGO_URL": mongod.url, "MONGO_DB": prefix, "KEY_PREFIX": prefix,
        "JWT_SECRET": SECRET, "DRAIN_S": "3",
    }


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """Programs to be ended with the test, however it goes."""
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()
