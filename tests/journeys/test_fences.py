"""A dispatcher draws fences on the map, riders cross them, and the page tells of it."""

import time
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.journeys.people import DESK, SHOP, Phone, Place, Screen
from tests.journeys.service import Server, Service, token
from tests.waiting import until

pytestmark = pytest.mark.long

STEP_DEG, STEP_MS = 0.0005, 5_000  # about 42 m to the east in five seconds
STAFF = ("d1", "dispatcher")


async def dispatcher(browser: Browser, server: Server, query: str = "") -> Screen:
    """The dispatcher's page with rider r1 in the middle of the map and the fences' tab open."""
    context = await browser.new_context(viewport=DESK)
    screen = await Screen.open(context, f"{server.url}/dispatch{query}#token={token(*STAFF)}")
    await screen.has("#fleet", "riders", "1")
    await screen.page.click("#tab-fences")
    await screen.has("#fences", "count", "0")
    return screen


async def click(screen: Screen, *offsets: Sequence[float]) -> None:
    """Click on the map, so many pixels right of and below its middle."""
    box = await screen.page.locator("#map").bounding_box()
    assert box is not None
    for right, below in offsets:
        await screen.page.mouse.click(box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2 + below)


async def rides_past(phone: Phone, place: Place, start_ms: int) -> int:
    """Ride from 400 m west of the place to 400 m east and back; when it ended."""
    steps = [*range(-10, 11), *range(10, -11, -1)]
    return await phone.rides([(place[0], place[1] + step * STEP_DEG) for step in steps], start_ms, STEP_MS)


async def told(screen: Screen, phone: Phone, start_ms: int) -> list[str]:
    """Ride to and fro until the page shows alerts: a fence counts within a second. What they say."""
    toasts = screen.page.locator(".toast strong")

    async def has_crossed() -> bool:
        nonlocal start_ms
        start_ms = await rides_past(phone, SHOP, start_ms)
        return await toasts.count() >= 2

    await until(has_crossed, within_s=30)
    return await toasts.all_inner_texts()


async def fences(service: Service, server: Server) -> list[dict[str, Any]]:
    """The Features the service has."""
    page = await service.call(server, "GET", "geofences", by=STAFF)
    features: list[dict[str, Any]] = page["features"]
    return features


async def test_a_drawn_circle_alerts_when_a_rider_crosses_it(
    service: Service, server: Server, browser: Browser
) -> None:
    """Two clicks and a name make a fence; a rider rides through, and toast, log and the fence's card say so."""
    async with Phone(server, "r1") as phone:
        start_ms = int(time.time() * 1000) - 4 * 3_600_000
        await phone.moves_to(SHOP, at_ms=start_ms)
        screen = await dispatcher(browser, server)
        assert "gl" == await screen.data("#map", "map")
        await screen.page.click('[data-shape="circle"]')
        await screen.says("#pen-hint", "Click the middle")
        await click(screen, (0, 0), (70, 0))
        await screen.page.fill('[name="name"]', "Market")
        await screen.page.click("#fence-save")
        await screen.has("#fences", "count", "1")
        [fence] = await fences(service, server)
        assert ("Market", "Point") == (fence["properties"]["name"], fence["geometry"]["type"])
        assert 30 < fence["properties"]["radius_m"] < 300
        words = await told(screen, phone, start_ms + 600_000)
        assert {"r1 entered Market", "r1 left Market"} == set(words)
        await screen.says("#fence-events", "r1 left Market")
        await screen.page.click(".toast")
        await screen.has("#chosen", "rider", "r1")
        await screen.page.click("#tab-log")
        await screen.says("#log", "r1 entered Market")
    assert [] == screen.errors_of_ours


async def test_a_drawn_area_is_renamed_and_deleted(service: Service, server: Server, browser: Browser) -> None:
    """Without WebGL too: an outline is clicked corner by corner and closed, its name edited; two presses delete it."""
    async with Phone(server, "r1") as phone:
        start_ms = int(time.time() * 1000) - 4 * 3_600_000
        await phone.moves_to(SHOP, at_ms=start_ms)
        screen = await dispatcher(browser, server, "?map=plain")
        await screen.page.click('[data-shape="polygon"]')
        await click(screen, (-60, -60), (60, -60), (60, 60), (-60, 60))
        await screen.says("#pen-hint", "first corner again")
        await click(screen, (-60, -60))
        await screen.page.fill('[name="name"]', "Old town")
        await screen.page.click("#fence-save")
        await screen.has("#fences", "count", "1")
        words = await told(screen, phone, start_ms + 600_000)
        assert {"r1 entered Old town", "r1 left Old town"} == set(words)
        await screen.page.click("#fence-edit")
        await screen.page.fill('[name="name"]', "Old harbour")
        await screen.page.click("#fence-save")
        await screen.says("#fence-card", "Old harbour")
        [fence] = await fences(service, server)
        assert ("Old harbour", "Polygon", 5) == (
            fence["properties"]["name"], fence["geometry"]["type"], len(fence["geometry"]["coordinates"][0])
        )
        await screen.page.click("#fence-delete")
        await screen.page.click("#fence-delete")
        await screen.has("#fences", "count", "0")
        assert [] == await fences(service, server)
    assert [] == screen.errors_of_ours


async def test_a_drawn_corridor_is_seen_by_other_dispatchers(
    service: Service, server: Server, browser: Browser
) -> None:
    """Two ends and a width make a corridor that tells who crosses it; another page sees it drawn, renamed, deleted."""
    async with Phone(server, "r1") as phone:
        start_ms = int(time.time() * 1000) - 4 * 3_600_000
        await phone.moves_to(SHOP, at_ms=start_ms)
        screen, other = await dispatcher(browser, server), await dispatcher(browser, server, "?map=plain")
        await screen.page.click('[data-shape="corridor"]')
        await click(screen, (0, -80), (0, 80))
        await screen.says("#pen-hint", "click the last point again")
        await click(screen, (0, 80))
        await screen.page.fill('[name="name"]', "Bridge")
        await screen.page.fill('[name="size"]', "120")
        await screen.page.click("#fence-save")
        await screen.says("#fence-card", "corridor, 120 m wide")
        [fence] = await fences(service, server)
        assert ("Bridge", "LineString", 120) == (
            fence["properties"]["name"], fence["geometry"]["type"], fence["properties"]["width_m"]
        )
        await other.says("#fence-list", "Bridge")
        words = await told(screen, phone, start_ms + 600_000)
        assert {"r1 entered Bridge", "r1 left Bridge"} == set(words)
        await screen.page.click("#fence-edit")
        await screen.page.fill('[name="name"]', "Old bridge")
        await screen.page.click("#fence-save")
        await screen.says("#fence-card", "Old bridge")
        await other.says("#fence-list", "Old bridge")
        await screen.page.click("#fence-delete")
        await screen.page.click("#fence-delete")
        await other.has("#fences", "count", "0")
    assert [] == [*screen.errors_of_ours, *other.errors_of_ours]
