"""Pushes in a real Chromium on a desktop: shown when nobody looks at a page, taken down when read, clicked open."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, CDPSession, Page

from notifications.about import OrderNews, about_order, about_room
from notifications.notice import Notice
from notifications.ways.webpush import payload
from tests.ending import over
from tests.journeys.conftest import CHROMIUM, QUIET, driver
from tests.journeys.desktop import Desktop, open_desktop
from tests.journeys.orders import Order
from tests.journeys.service import Server, Service
from tests.waiting import until

pytestmark = pytest.mark.long

ROOM = "vendor_v1_customer_c1"
REGISTER = "navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => true)"
LISTEN = "navigator.serviceWorker.addEventListener('message', ({ data }) => (window.heard = data))"
SIGN_UP = """async (account) => {
  const ask = (path, body) => fetch(`/api/auth/${path}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  await ask('register', account);
  const answer = await ask('login', { email: account.email, password: account.password });
  return (await answer.json()).user.id;
}"""
CLEAR = "id => navigator.serviceWorker.ready.then(({ active }) => active.postMessage({ type: 'clear', ids: [id] }))"


def told(message: str, unread: int) -> Notice:
    """Somebody has messages to read."""
    return about_room(ROOM, message, "c1", "customer", unread, "the vendor", time.time_ns() // 1_000_000)


def news(event: str, status: str, order: Order, **people: str) -> Notice:
    """What one person is told of an order."""
    told = OrderNews(event=event, order=order.id, rev=1, status=status, **people)
    [notice] = about_order(told, time.time_ns() // 1_000_000)
    return notice


class Phone:
    """A browser that gets pushes, with one page. Chromium's own test line takes the place of its push service."""

    def __init__(self, context: BrowserContext, page: Page, line: CDPSession, origin: str) -> None:
        self.context, self.page, self.origin, self._line = context, page, origin, line
        self._registrations: list[dict[str, Any]] = []
        line.on("ServiceWorker.workerRegistrationUpdated", self._registered)

    async def begin(self) -> None:
        """As the preferences page does once somebody wants pushes."""
        await self._line.send("ServiceWorker.enable")
        await self.page.goto(self.origin)
        assert await self.page.evaluate(REGISTER)
        await until(lambda: self._registrations)

    async def signs_up(self, role: str) -> str:
        """As somebody new, who is signed in from then on; their id. The tab is given no token."""
        account = {"email": f"{role}@shop.example", "password": "violet-anchor-42", "role": role}
        return str(await self.page.evaluate(SIGN_UP, account))

    async def opens(self, desktop: Desktop, notice: Notice) -> Page:
        """The page to which a click on this leads while no page of ours is open."""
        await self.page.goto("about:blank")
        await self.gets(notice)
        [shown] = await until(lambda: desktop.shown)
        async with self.context.expect_page() as opened:
            await desktop.click(shown)
        return await opened.value

    async def gets(self, notice: Notice) -> None:
        """What the worker sends, as it arrives after the browser has decrypted it."""
        await self._line.send("ServiceWorker.deliverPushMessage", {
            "origin": self.origin, "registrationId": self._registrations[-1]["registrationId"],
            "data": payload(notice).decode(),
        })

    def _registered(self, event: dict[str, Any]) -> None:
        self._registrations += event["registrations"]


@pytest_asyncio.fixture(loop_scope="session")
async def desktop() -> AsyncIterator[Desktop]:
    """Where notifications are shown."""
    async with open_desktop() as desktop:
        yield desktop


@pytest_asyncio.fixture(loop_scope="session")
async def phone(server: Server, desktop: Desktop, tmp_path: Path) -> AsyncIterator[Phone]:
    """A browser with a profile of its own, which may show notifications of this service."""
    async with driver() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=list(QUIET),
            env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": desktop.address},
        )
        await context.grant_permissions(["notifications"], origin=server.url)
        [page] = context.pages
        phone = Phone(context, page, await context.new_cdp_session(page), server.url)
        await phone.begin()
        yield phone
        await over(context.close())


async def test_a_push_is_shown_and_a_click_opens_its_room(phone: Phone, desktop: Desktop) -> None:
    """One for each subject, with the newest words, while no page of ours is looked at."""
    await phone.page.goto("about:blank")
    await phone.gets(told("m1", 1))
    await until(lambda: desktop.shown)
    await phone.gets(told("m2", 2))
    # The newer one may come a moment before the older one is taken down.
    await until(lambda: ["2 unread messages"] == [each.body.splitlines()[-1] for each in desktop.shown])
    [shown] = desktop.shown
    assert "Message from the vendor" == shown.title
    async with phone.context.expect_page() as opened:
        await desktop.click(shown)
    page = await opened.value
    await page.wait_for_url(f"{phone.origin}/chat/{ROOM}")
    await until(lambda: not desktop.shown)


async def test_a_click_on_an_orders_push_opens_the_customers_map_of_it(
    service: Service, server: Server, phone: Phone, desktop: Desktop
) -> None:
    """Whoever is signed in in this browser sees the order at once, in a tab that was given no token."""
    customer = await phone.signs_up("customer")
    order = await Order.place(service, server, customer=customer)
    page = await phone.opens(desktop, news("order.accepted", "accepted", order, customer=customer))
    await page.wait_for_url(f"{phone.origin}/track#order={order.id}")
    await page.get_by_role("heading", name="Order placed").wait_for()


async def test_a_click_on_an_orders_push_opens_the_shops_page(
    service: Service, server: Server, phone: Phone, desktop: Desktop
) -> None:
    """With the order on it."""
    vendor = await phone.signs_up("vendor")
    order = await Order.place(service, server, vendor=vendor)
    page = await phone.opens(desktop, news("order.placed", "order_placed", order, vendor=vendor))
    await page.wait_for_url(f"{phone.origin}/vendor")
    await page.locator(f'[data-order="{order.id}"]').wait_for()


async def test_a_click_on_an_orders_push_opens_the_riders_page(
    service: Service, server: Server, phone: Phone, desktop: Desktop
) -> None:
    """With the order to carry."""
    rider = await phone.signs_up("rider")
    order = await Order.place(service, server)
    await order.assign(server, rider)
    page = await phone.opens(desktop, news("order.assigned", "order_placed", order, rider=rider))
    await page.wait_for_url(f"{phone.origin}/ride")
    await page.locator(f'[data-order="{order.id}"]').wait_for()


async def test_whoever_is_not_signed_in_is_led_to_the_order_by_way_of_the_login(
    service: Service, server: Server, phone: Phone, desktop: Desktop
) -> None:
    """The map is nobody's to see; the link to sign in keeps the order."""
    order = await Order.place(service, server)
    page = await phone.opens(desktop, news("order.accepted", "accepted", order, customer="c1"))
    await page.locator("#signin").click()
    await page.wait_for_url(f"{phone.origin}/login#order={order.id}")


async def test_whoever_looks_at_a_page_is_not_shown_a_push(phone: Phone, desktop: Desktop) -> None:
    """The page hears of it and shows it itself."""
    await phone.page.evaluate(LISTEN)
    notice = told("m1", 1)
    await phone.gets(notice)
    heard = await until(lambda: phone.page.evaluate("window.heard"))  # its policy forbids Playwright's own polling
    assert {"type": "pushed", "id": notice.id} == heard
    assert [] == desktop.shown


async def test_what_was_read_elsewhere_is_taken_off_the_screen(phone: Phone, desktop: Desktop) -> None:
    """A page that hears of it says so to the service worker."""
    notice = told("m1", 1)
    await phone.page.goto("about:blank")
    await phone.gets(notice)
    await until(lambda: desktop.shown)
    await phone.page.goto(phone.origin)
    await phone.page.evaluate(CLEAR, notice.id)
    await until(lambda: not desktop.shown)
