"""Dispatcher, vendor and rider at work: each on their own page, all on one service."""

import time

import pytest
from playwright.async_api import Browser

from tests.journeys.orders import Order, on_the_road
from tests.journeys.people import DESK, DOOR, PHONE, SHOP, Phone, Place, Screen, between
from tests.journeys.service import Server, Service, token
from tests.waiting import until

pytestmark = pytest.mark.long

FAR: Place = (41.30, -8.40)
MINUTES_MS = 60_000


async def desk(browser: Browser, server: Server, page: str, sub: str, role: str) -> Screen:
    """Somebody's page, signed in by the address's fragment."""
    context = await browser.new_context(viewport=DESK)
    return await Screen.open(context, f"{server.url}/{page}#token={token(sub, role)}")


async def test_a_dispatcher_sees_riders_enter_and_leave(service: Service, server: Server, browser: Browser) -> None:
    """The list holds who is in the map's view: a rider who reports comes, one who rides away goes."""
    async with Phone(server, "r1") as first, Phone(server, "r2") as second, Phone(server, "r3") as third:
        now_ms = int(time.time() * 1000)
        await first.moves_to(SHOP)
        await second.moves_to(DOOR, at_ms=now_ms - 50 * MINUTES_MS)
        dispatcher = await desk(browser, server, "dispatch", "d1", "dispatcher")
        await dispatcher.has("#fleet", "riders", "2")
        await third.moves_to(between(SHOP, DOOR, 0.5))
        await dispatcher.has("#fleet", "riders", "3")
        await second.moves_to(FAR)
        await dispatcher.has("#fleet", "riders", "2")
        assert 0 == await dispatcher.page.locator('[data-rider="r2"]').count()
        target = between(SHOP, DOOR, 0.1)
        await first.moves_to(target)
        await dispatcher.has('#list [data-rider="r1"]', "lat", str(target[0]))
    assert [] == dispatcher.errors_of_ours


async def test_a_dispatchers_log_has_no_hole_after_a_crash(service: Service, server: Server, browser: Browser) -> None:
    """Items written while the page's server was dead come in order, once each, when it is back."""
    other = service.serve()
    order = await Order.place(service, server)
    dispatcher = await desk(browser, server, "dispatch", "d1", "dispatcher")
    await dispatcher.page.click("#tab-log")
    await dispatcher.says("#log", order.id)
    server.kill()
    await dispatcher.has("#connection", "connection", "offline")
    await order.becomes(other, "accepted", "preparing")
    await Order.place(service, other)
    server.start()
    await dispatcher.has("#connection", "connection", "online", within_s=30)
    await order.becomes(other, "ready")
    await dispatcher.says("#log", "ready for pick-up")
    lines = await dispatcher.page.locator("#log li").all()
    assert list("54321") == [await line.get_attribute("data-offset") for line in lines]


async def test_a_vendor_takes_a_new_order_to_ready(service: Service, server: Server, browser: Browser) -> None:
    """A new order appears by itself, and each press of its button takes it one step on."""
    vendor = await desk(browser, server, "vendor", "v1", "vendor")
    await vendor.says("#orders", "No open orders")
    order = await Order.place(service, server, vendor="v1")
    card = f'[data-order="{order.id}"]'
    await vendor.has(card, "status", "order_placed")
    for step in ("accepted", "preparing", "ready"):
        await vendor.page.click(f'{card} [data-step="{step}"]')
        await vendor.has(card, "status", step)
    assert 0 == await vendor.page.locator(f'{card} [data-step="picked_up"]').count()
    await Order.place(service, server, vendor="v2")
    assert "1" == await vendor.text("#count")


async def test_a_rider_streams_loses_the_network_and_delivers_the_backlog(
    service: Service, server: Server, browser: Browser
) -> None:
    """Positions recorded without a network are stored by the server once it is back, none lost, none twice."""
    order = await on_the_road(service, server, "r1")
    customer = await Screen.open(browser, server.url + await order.share(server))
    context = await browser.new_context(
        viewport=PHONE, permissions=["geolocation"],
        geolocation={"latitude": SHOP[0], "longitude": SHOP[1], "accuracy": 9},
    )
    rider = await Screen.open(context, f"{server.url}/ride#token={token('r1', 'rider')}")
    await rider.page.click("#share")

    async def at_least(name: str, count: int) -> None:
        async def reached() -> bool:
            return int(await rider.data("#counts", name) or 0) >= count

        await until(reached, within_s=30)

    async def rides_to(share: float) -> None:
        lat, lng = between(SHOP, DOOR, share)
        await context.set_geolocation({"latitude": lat, "longitude": lng, "accuracy": 9})

    await at_least("acked", 1)
    await customer.shows_rider_at(SHOP)
    await context.set_offline(True)
    for step in range(1, 4):
        await rides_to(step / 50)
        await at_least("queued", step)
    await context.set_offline(False)
    await rider.has("#counts", "queued", "0", within_s=30)
    await at_least("acked", 4)
    assert "0" == await rider.data("#counts", "dropped")
    await customer.shows_rider_at(between(SHOP, DOOR, 3 / 50))
    await rider.page.click(f'[data-order="{order.id}"] [data-step="arriving"]')
    await customer.says("#headline", "Almost there")


async def test_no_page_breaks_its_content_policy(service: Service, server: Server, browser: Browser) -> None:
    """Every page runs, connects and draws under a policy that allows nothing inline and nobody else."""
    order = await on_the_road(service, server, "r1")
    async with Phone(server, "r1") as rider:
        await rider.moves_to(SHOP)
        screens = [
            await Screen.open(browser, server.url + await order.share(server)),
            await desk(browser, server, "dispatch", "d1", "dispatcher"),
            await desk(browser, server, "vendor", "v1", "vendor"),
            await desk(browser, server, "ride", "r1", "rider"),
        ]
        for screen in screens:
            await screen.has("#connection", "connection", "online")
        await screens[0].shows_rider_at(SHOP)
        landing = await Screen.open(browser, server.url + "/")
        await landing.has("#health", "connection", "online")
    assert [] == [report for screen in [*screens, landing] for report in screen.policy_reports]
