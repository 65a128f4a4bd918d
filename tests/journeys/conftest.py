"""The built pages, a running service and a real Chromium for the journeys."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from city.build import ready_invented
from city.manifest import Manifest
from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from tests.ending import over
from tests.journeys.service import Server, Service, build_pages

CHROMIUM = "/usr/bin/chromium"
# `--disable-gpu` leaves WebGL in software; `--use-gl=swiftshader` would take it away.
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--no-first-run",
)
NO_WEBGL = ("--disable-3d-apis",)


@pytest.fixture(scope="session")
def pages() -> None:
    """web/dist as the sources stand now."""
    build_pages()


@pytest.fixture
def service(pages: None, valkey: Valkey, mongod: Mongod, prefix: str, tmp_path: Path) -> Iterator[Service]:
    """A service with one worker and no server yet; no tile server answers it."""
    environ = {
        "REDIS_URL": valkey.url, "MONGO_URL": mongod.url, "MONGO_DB": prefix, "KEY_PREFIX": prefix,
        "MAP_STYLE_URL": "http://127.0.0.1:9/style.json",
    }
    service = Service(environ, tmp_path)
    service.worker.start(lambda: True)
    yield service
    service.stop()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city directory with a map of its own: the invented town."""
    directory = tmp_path_factory.mktemp("town") / "town"
    made = ready_invented(directory)
    assert isinstance(made, Manifest), made
    return directory


@pytest.fixture
def server(service: Service) -> Server:
    """The service's first server."""
    return service.serve()


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """Chromium until the block ends, which does not hang when the browser does."""
    playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(arguments))
        try:
            yield browser
        finally:
            await over(browser.close())
    finally:
        await over(playwright.stop())


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, headless and silent."""
    async with chromium(*QUIET) as browser:
        yield browser


@pytest.fixture
async def browser_without_webgl() -> AsyncIterator[Browser]:
    """Chromium as on a machine whose graphics are blocked."""
    async with chromium(*QUIET, *NO_WEBGL) as browser:
        yield browser
