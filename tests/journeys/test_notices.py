"""Notifications in a browser: toasts as an order goes on, a bell that counts right everywhere, and choices."""

import pytest
from playwright.async_api import Browser, Page

from tests.journeys.orders import Order
from tests.journeys.people import DESK, PHONE, Screen
from tests.journeys.service import Server, Service, token
from tests.waiting import until

pytestmark = pytest.mark.long

CUSTOMER, VENDOR = ("c1", "customer"), ("v1", "vendor")


def page_of(server: Server, order: Order) -> str:
    """The customer's page of an order."""
    return f"{server.url}/track#token={token(*CUSTOMER)}&order={order.id}"


async def toast(screen: Screen, kind: str) -> None:
    """Wait for a toast of this kind."""
    await screen.page.wait_for_selector(f'.notice-toast[data-kind="{kind}"]', timeout=20_000)


async def counts(screen: Screen, unread: int) -> None:
    """Wait until the bell says this number."""
    await screen.has("#bell", "unread", str(unread))


async def no_wider_than_its_screen(page: Page) -> bool:
    """Nothing sticks out at the side."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_steps_make_toasts_and_the_bell_counts_right_everywhere(
    service: Service, server: Server, browser: Browser
) -> None:
    """After a reload, on a second tab, at another server, and when it was read on another device."""
    order, other = await Order.place(service, server), service.serve()
    context = await browser.new_context(viewport=PHONE)
    phone = await Screen.open(context, page_of(server, order))
    await counts(phone, 1)
    for number, status in enumerate(("accepted", "preparing", "ready"), 2):
        await order.becomes(server, status)
        await toast(phone, f"order.{status}")
        await counts(phone, number)
    assert 1 == await phone.page.locator(".notice-toast").count()  # one subject, one toast: the newest
    await phone.page.reload()
    await counts(phone, 4)
    assert 0 == await phone.page.locator(".notice-toast").count()
    second = await Screen.open(context, page_of(other, order))
    tablet = await Screen.open(await browser.new_context(viewport=DESK), page_of(other, order))
    await counts(second, 4)
    await counts(tablet, 4)
    await tablet.page.click("#bell")
    entry = tablet.page.locator(".notice-entry")
    await until(entry.count)
    assert 1 == await entry.count()
    assert "Notifications, 4 unread" == await tablet.page.get_attribute("#bell", "aria-label")
    await tablet.page.click("#notice-read-all")
    for screen in (tablet, phone, second):
        await counts(screen, 0)
    assert await phone.page.locator(".bell-count").is_hidden()
    assert await no_wider_than_its_screen(phone.page)
    assert [] == phone.errors_of_ours + second.errors_of_ours + tablet.errors_of_ours


async def test_the_shop_hears_of_an_order_and_chooses_what_to_hear(
    service: Service, server: Server, browser: Browser
) -> None:
    """A toast on the shop's page; on the preferences page, reached from the bell, what is switched off stays off."""
    shop = await Screen.open(browser, f"{server.url}/vendor#token={token(*VENDOR)}")
    await counts(shop, 0)
    await Order.place(service, server)
    await toast(shop, "order.placed")
    await counts(shop, 1)
    await shop.page.click("#bell")
    await shop.page.click("#notice-preferences")
    await shop.page.wait_for_selector('#kinds input[data-group="order"][data-channel="email"]')
    await shop.page.uncheck('#kinds input[data-group="order"][data-channel="email"]')
    await shop.page.check("#quiet")
    await shop.page.select_option("#zone", "Asia/Manila")
    await shop.page.fill("#start", "21:30")
    await shop.page.click('button[type="submit"]')
    await shop.says("#saved", "Saved.")
    await shop.says("#push-words", "not set up")
    assert await no_wider_than_its_screen(shop.page)
    kept = (await service.call(server, "GET", "notifications/preferences", by=VENDOR))["preferences"]
    assert ("Asia/Manila", {"start": "21:30", "end": "07:00"}, False, True) == (
        kept["time_zone"], kept["quiet"], kept["kinds"]["order"]["email"], kept["kinds"]["order"]["push"]
    )
    assert [] == shop.errors_of_ours
