"""The customer's page from the share link to the door, over real processes and a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from city.invented import names
from tests.journeys.orders import TO_THE_ROAD, Order, on_the_road
from tests.journeys.people import DOOR, SHOP, Phone, Screen, between, metres
from tests.journeys.service import Server, Service
from tests.waiting import until

pytestmark = pytest.mark.long


async def test_the_map_moves_when_the_rider_reports(service: Service, server: Server, browser: Browser) -> None:
    """A fix reaches the customer's marker, which glides there instead of jumping."""
    order = await on_the_road(service, server, "r1")
    customer = await Screen.open(browser, server.url + await order.share(server))
    await customer.says("#headline", "On the way")
    async with Phone(server, "r1") as rider:
        await rider.moves_to(SHOP)
        await customer.shows_rider_at(SHOP)
        target = between(SHOP, DOOR, 0.2)
        await rider.moves_to(target)

        async def glides() -> bool:
            seen = await customer.marker()
            return seen is not None and metres(SHOP, seen) > 3 and metres(seen, target) > 3

        await until(glides)
        await customer.shows_rider_at(target)
    assert [] == customer.errors_of_ours


async def test_before_pick_up_the_map_shows_a_cell_and_no_marker(
    service: Service, server: Server, browser: Browser
) -> None:
    """Until the goods are picked up, a customer learns the rider's place to three decimals only, and is told so."""
    order = await Order.place(service, server)
    await order.assign(server, "r1")
    await order.becomes(server, "accepted")
    customer = await Screen.open(browser, server.url + await order.share(server))
    async with Phone(server, "r1") as rider:
        await rider.moves_to((41.14567, -8.60987))
        await customer.has("#rider", "precision", "3")
        assert (41.146, -8.61) == await customer.marker()
        await customer.says("#freshness", "Near this area")
        await customer.says("#eta", "Arrives")
        await order.becomes(server, "preparing", "ready", "picked_up")
        exact = (41.14570, -8.60990)
        await rider.moves_to(exact)
        await customer.shows_rider_at(exact)
    assert await customer.data("#rider", "precision") is None


async def test_the_share_link_ends_with_the_delivery(service: Service, server: Server, browser: Browser) -> None:
    """At delivery the open page says so and shows no rider; opened again, the link is dead."""
    order = await on_the_road(service, server, "r1")
    path = await order.share(server)
    customer = await Screen.open(browser, server.url + path)
    async with Phone(server, "r1") as rider:
        await rider.moves_to(DOOR)
        await customer.shows_rider_at(DOOR)
    await order.becomes(server, "arriving", "delivered")
    await customer.says("#end", "Delivered")
    assert await customer.marker() is None
    later = await Screen.open(browser, server.url + path)
    await later.says("#end", "This link has ended")
    assert await later.marker() is None


async def test_a_revoked_link_ends_at_once(service: Service, server: Server, browser: Browser) -> None:
    """Whoever watches by a link that is taken back is told that it ended, and sees nothing more."""
    order = await on_the_road(service, server, "r1")
    customer = await Screen.open(browser, server.url + await order.share(server))
    await customer.says("#headline", "On the way")
    await service.call(server, "DELETE", f"orders/{order.id}/share", by=("backend", "admin"))
    await customer.says("#end", "This link has ended", within_s=5)


async def test_after_a_crash_the_page_comes_back_and_has_missed_nothing(
    service: Service, server: Server, browser: Browser
) -> None:
    """While its server is dead, status steps and fixes pass through another; back again, the page shows them all."""
    other = service.serve()
    order = await Order.place(service, server)
    await order.assign(server, "r1")
    customer = await Screen.open(browser, server.url + await order.share(server))
    await customer.says("#headline", "Order placed")
    server.kill()
    await customer.has("#connection", "connection", "offline")
    await order.becomes(other, *TO_THE_ROAD, "arriving")
    async with Phone(other, "r1") as rider:
        await rider.moves_to(SHOP)
        last = between(SHOP, DOOR, 0.1)
        await rider.moves_to(last)
    server.start()
    await customer.says("#headline", "Almost there", within_s=30)
    await customer.shows_rider_at(last)
    for status in ("order_placed", *TO_THE_ROAD, "arriving"):
        assert 1 == await customer.page.locator(f'[data-step="{status}"] time').count(), status


async def test_without_webgl_the_map_is_plain_and_still_moves(
    service: Service, server: Server, browser_without_webgl: Browser
) -> None:
    """A machine without WebGL gets a drawn map with graticule, scale and the same marker."""
    order = await on_the_road(service, server, "r1")
    customer = await Screen.open(browser_without_webgl, server.url + await order.share(server))
    await customer.has("#map", "map", "plain")
    async with Phone(server, "r1") as rider:
        await rider.moves_to(SHOP)
        await customer.shows_rider_at(SHOP)


async def test_without_a_tile_server_the_map_stays_usable(service: Service, server: Server, browser: Browser) -> None:
    """When nobody answers at MAP_STYLE_URL, the WebGL map keeps its blank sheet and the marker."""
    order = await on_the_road(service, server, "r1")
    customer = await Screen.open(browser, server.url + await order.share(server))
    await customer.has("#map", "map", "gl")
    await customer.has("#map", "base", "blank")
    async with Phone(server, "r1") as rider:
        await rider.moves_to(SHOP)
        await customer.shows_rider_at(SHOP)


async def test_a_city_of_our_own_lies_under_the_map(service: Service, town: Path, browser: Browser) -> None:
    """With CITY_DIR, tiles come from the service itself by Range, with their credit, and nobody else is asked."""
    service.environ["CITY_DIR"] = str(town)
    server = service.serve()
    order = await on_the_road(service, server, "r1")
    customer = await Screen.open(browser, server.url + await order.share(server))
    await customer.has("#map", "base", "city")
    await customer.says("#map", names.CREDIT)
    assert "OpenStreetMap" not in await customer.text("#map")
    assert [] == customer.errors
