"""Pictures in a conversation, in real browsers: sent with words and without, and chosen while nobody answers."""

import io
from functools import partial

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload

from tests.journeys.service import Server, Service
from tests.journeys.talkers import CUSTOMER, HOSTILE, VENDOR, Apart, Talker, open_room, stored
from tests.waiting import until

pytestmark = pytest.mark.long


def picture() -> bytes:
    """A small picture as a file."""
    out = io.BytesIO()
    Image.new("RGB", (40, 20), (200, 80, 10)).save(out, "PNG")
    return out.getvalue()


async def all_are_drawn(talker: Talker, count: int) -> bool:
    """Whether so many pictures are shown, all of them loaded."""
    thumbs = talker.page.locator(".chat-thumb img")
    return bool(await thumbs.evaluate_all(
        "(all, count) => all.length === count && all.every((each) => each.naturalWidth === 40)", count
    ))


async def test_pictures_go_with_a_message_whatever_they_are_called(
    service: Service, server: Server, browser: Browser
) -> None:
    """Sent with and without words, seen small and large by the other side; hostile file names are only names."""
    room = await open_room(service, server)
    customer = await Talker.in_room(browser, server, room, CUSTOMER)
    vendor = await Talker.in_room(browser, server, room, VENDOR)
    names, png = HOSTILE[:8], picture()
    await customer.adds(*[(f"{name}.png", png) for name in names])
    assert await customer.page.evaluate("document.documentElement.scrollWidth") == 360
    await customer.page.click(".chat-send")
    await customer.adds((f"{HOSTILE[9]}.png", png), ("door.png", png))
    await customer.writes("At the door")
    await vendor.sees("At the door")
    thumbs = vendor.page.locator(".chat-thumb img")
    await until(partial(all_are_drawn, vendor, 10), 20)
    assert "door.png" == await thumbs.last.get_attribute("alt")
    for thumb in (thumbs.first, thumbs.last):
        await thumb.click()
        await until(lambda: vendor.page.locator(".chat-preview img").evaluate("image => image.naturalWidth === 40"))
        await vendor.page.keyboard.press("Escape")
        await until(vendor.page.locator(".chat-preview").is_hidden)
    await customer.page.set_input_files(
        "[data-files]", FilePayload(name=HOSTILE[1], mimeType="image/png", buffer=b"<script>alert(1)</script>")
    )
    await customer.says(".chat-problem", "Send a JPEG, PNG, WebP or GIF picture.")
    assert HOSTILE[1] in await customer.text(".chat-problem")
    for talker in (customer, vendor):
        await talker.nothing_ran()


async def test_pictures_chosen_without_a_server_go_with_their_message(
    service: Service, server: Server, browser: Browser
) -> None:
    """They are shown from the file, survive the closed page, and go up once each before the message that has them."""
    apart = await Apart.at(service, server, browser)
    vendor, customer = apart.vendor, apart.customer
    await customer.says(".chat-empty", "No messages yet")
    await apart.lose()
    await customer.adds(("door.png", picture()), ("bell.png", picture()), state="waiting")
    await customer.writes("At this door")
    await customer.sees_state("At this door", "waiting")
    await until(partial(all_are_drawn, customer, 2))
    again = await apart.come_back()
    for talker in (vendor, again):
        await talker.sees("At this door", within_s=30)
        await until(partial(all_are_drawn, talker, 2), 20)
    assert "door.png" == await vendor.page.locator(".chat-thumb img").first.get_attribute("alt")
    assert ["At this door"] == await stored(service, server, apart.room)
    for talker in (vendor, again):
        await talker.nothing_ran()
