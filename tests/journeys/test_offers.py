"""A dispatcher offers an order, and the rider who is asked says yes on the phone."""

from playwright.async_api import Browser

from tests.journeys.orders import Order
from tests.journeys.people import PHONE, SHOP, Screen
from tests.journeys.service import Server, Service, token


async def test_a_rider_accepts_an_offered_order(service: Service, server: Server, browser: Browser) -> None:
    """A press on Offer brings a card to the nearest rider; a press on Accept brings the order, seen by both."""
    order = await Order.place(service, server)
    context = await browser.new_context(
        viewport=PHONE, permissions=["geolocation"],
        geolocation={"latitude": SHOP[0], "longitude": SHOP[1], "accuracy": 9},
    )
    rider = await Screen.open(context, f"{server.url}/ride#token={token('r1', 'rider')}")
    await rider.page.click("#share")
    await rider.has("#counts", "queued", "0")
    desk = await Screen.open(browser, f"{server.url}/dispatch#token={token('d1', 'dispatcher')}")
    await desk.has("#fleet", "riders", "1")
    await desk.page.click("#tab-orders")
    await desk.page.click(f'[data-order="{order.id}"] [data-act="offer"]')
    card = f'[data-offer="{order.id}"]'
    await rider.says(card, "s left")
    await rider.page.click(f'{card} [data-answer="accept"]')
    await rider.has(f'#orders [data-order="{order.id}"]', "status", "order_placed")
    await desk.says(f'[data-order="{order.id}"] [data-act="choose"]', "r1")
    assert 0 == await rider.page.locator(card).count()
    await desk.page.click("#tab-log")
    await desk.says("#log", f"{order.id}: accepted by r1")
    assert [] == rider.errors_of_ours + desk.errors_of_ours
