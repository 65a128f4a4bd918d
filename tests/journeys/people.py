"""The people of a journey: a rider's phone, and screens on which a customer, a dispatcher, a vendor look."""

import math
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from client.reconnect import Ridewire
from client.rider import RiderUplink
from tests.journeys.service import Server, token
from tests.waiting import until

PACE_MPS = 12.0
AT_ONCE = 1000.0
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1200, "height": 800}
Place = tuple[float, float]
SHOP: Place = (41.1496, -8.6110)
DOOR: Place = (41.1466, -8.6050)


def metres(a: Place, b: Place) -> float:
    """Distance on the ground, good for a city."""
    north = (b[0] - a[0]) * 111_195
    east = (b[1] - a[1]) * 111_195 * math.cos(math.radians(a[0]))
    return math.hypot(north, east)


def between(a: Place, b: Place, share: float) -> Place:
    """The place on the straight line."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


class Phone:
    """A rider's app on the Python client. It never moves faster than PACE_MPS: far places are reached later."""

    def __init__(self, server: Server, rider: str) -> None:
        self.rider = rider
        self._session = Ridewire.connect(
            f"ws://127.0.0.1:{server.port}/ws", token=token(rider, "rider"), client=f"{rider}-phone"
        )
        self._last: tuple[Place, int] | None = None

    async def __aenter__(self) -> Self:
        await self._session.__aenter__()
        self._uplink = RiderUplink(self._session, pace=AT_ONCE)
        await self._uplink.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._uplink.__aexit__(kind, error, trace)
        await self._session.__aexit__(kind, error, trace)

    async def moves_to(self, place: Place, *, accuracy: float = 8, at_ms: int | None = None) -> None:
        """Report this place; returns when the server called it durable."""
        ts = at_ms or int(time.time() * 1000)
        if at_ms is None and self._last is not None:
            before, then = self._last
            ts = max(ts, then + 1 + round(metres(before, place) / PACE_MPS * 1000))
        self._last = (place, ts)
        self._uplink.add(place[0], place[1], ts, accuracy=accuracy)
        await self._uplink.drained(within_s=20)


    async def rides(self, places: Sequence[Place], start_ms: int, step_ms: int) -> int:
        """Report these places in one go, as after a tunnel; returns when all are durable, with the time after them."""
        for number, (lat, lng) in enumerate(places):
            self._uplink.add(lat, lng, start_ms + number * step_ms, accuracy=8)
        await self._uplink.drained(within_s=20)
        return start_ms + len(places) * step_ms


class Screen:
    """A page somebody looks at. Collects what the browser complains about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    @classmethod
    async def open(cls, browser: Browser | BrowserContext, url: str) -> Self:
        """Look at this address on a small phone (or as the context says)."""
        if isinstance(browser, Browser):
            browser = await browser.new_context(viewport=PHONE)
        screen = cls(await browser.new_page())
        await screen.page.goto(url)
        return screen

    @property
    def policy_reports(self) -> list[str]:
        """What the Content-Security-Policy stopped."""
        return [error for error in self.errors if "Content Security Policy" in error]

    @property
    def errors_of_ours(self) -> list[str]:
        """Complaints about the page itself; a tile server that does not answer is not its fault."""
        return [error for error in self.errors if not error.startswith("Failed to load resource")]

    async def data(self, selector: str, name: str) -> str | None:
        """A data attribute of an element that is in the page."""
        return await self.page.locator(selector).get_attribute(f"data-{name}")

    async def text(self, selector: str) -> str:
        """What an element says."""
        return await self.page.locator(selector).inner_text()

    async def marker(self) -> Place | None:
        """Where the customer's map draws the rider now."""
        lat, lng = await self.data("#rider", "lat"), await self.data("#rider", "lng")
        return (float(lat), float(lng)) if lat and lng else None

    async def shows_rider_at(self, place: Place, within_s: float = 15, within_m: float = 3) -> None:
        """Return once the marker is there."""

        async def is_there() -> bool:
            seen = await self.marker()
            return seen is not None and metres(seen, place) < within_m

        await until(is_there, within_s)

    async def says(self, selector: str, words: str, within_s: float = 15) -> None:
        """Return once the element's text holds the words."""

        async def heard() -> bool:
            return words in await self.text(selector)

        await until(heard, within_s)

    async def has(self, selector: str, name: str, value: str, within_s: float = 15) -> None:
        """Return once the element's data attribute has the value."""

        async def matches() -> bool:
            return await self.data(selector, name) == value

        await until(matches, within_s)
