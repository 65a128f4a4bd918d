"""The built pages, a running service and a real Chromium for the journeys."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from tests.ending import over
from tests.journeys.service import Server, Service, build_pages

CHROMIUM = "/usr/bin/chromium"
# A headless Chromium has whole windows, and each would load two pages of its own for words typed into its address bar,
# which costs three times as much as a small page of ours. Of this switch the last one counts: the rest is playwright's.
UNWANTED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch",
)
# `--disable-gpu` leaves WebGL in software; `--use-gl=swiftshader` would take it away.
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--no-first-run", f"--disable-features={','.join(UNWANTED)}",
)
NO_WEBGL = ("--disable-3d-apis",)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All journeys of a process take place in one event loop, because that is where its browser is driven."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


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


@pytest.fixture
def server(service: Service) -> Server:
    """The service's first server."""
    return service.serve()


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """What drives browsers, until the block ends; that does not hang when a browser does."""
    playwright = await async_playwright().start()
    try:
        yield playwright
    finally:
        await over(playwright.stop())


@asynccontextmanager
async def chromium(playwright: Playwright, *arguments: str) -> AsyncIterator[Browser]:
    """Chromium until the block ends."""
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(arguments))
    try:
        yield browser
    finally:
        await over(browser.close())


class Browsers:
    """One Chromium for many tests, another one once it has crashed: a start costs a second of CPU."""

    def __init__(self, playwright: Playwright) -> None:
        self.playwright = playwright
        self._running: Browser | None = None

    async def running(self) -> Browser:
        """One that runs."""
        if self._running is None or not self._running.is_connected():
            self._running = await self.playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        return self._running

    async def close(self) -> None:
        """End it."""
        if self._running is not None:
            await over(self._running.close())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers() -> AsyncIterator[Browsers]:
    """The run's Chromium; this loop of the run is where all journeys take place."""
    async with driver() as playwright:
        browsers = Browsers(playwright)
        yield browsers
        await browsers.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(browsers: Browsers) -> AsyncIterator[Browser]:
    """Chromium, headless and silent, without anything that a test before opened."""
    browser = await browsers.running()
    yield browser
    await over(*(context.close() for context in browser.contexts))


@pytest_asyncio.fixture(loop_scope="session")
async def browser_without_webgl(browsers: Browsers) -> AsyncIterator[Browser]:
    """Chromium as on a machine whose graphics are blocked."""
    async with chromium(browsers.playwright, *QUIET, *NO_WEBGL) as browser:
        yield browser
