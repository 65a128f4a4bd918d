"""Two people and a conversation: in real browsers, over a network that breaks, with hostile words."""

import pytest
from playwright.async_api import Browser, WebSocketRoute

from tests.journeys.orders import on_the_road
from tests.journeys.people import DESK
from tests.journeys.service import Server, Service
from tests.journeys.talkers import COMPOSER, CUSTOMER, HOSTILE, RIDER, VENDOR, Apart, Talker, open_room, stored
from tests.waiting import until

pytestmark = pytest.mark.long


async def test_two_people_talk(service: Service, server: Server, browser: Browser) -> None:
    """What one writes the other sees; the writer sees it sent, delivered and read."""
    room = await open_room(service, server)
    vendor = await Talker.at(browser, server, "/chat", VENDOR)
    await vendor.says("#rooms", "No messages yet")
    customer = await Talker.in_room(browser, server, room, CUSTOMER, "Ana")
    await customer.writes("Is it ready?")
    await customer.sees_state("Is it ready?", "sent")
    await vendor.says(f'[data-go="{room}"] .unread', "1")
    await vendor.says(f'[data-go="{room}"]', "Is it ready?")
    await vendor.page.click(f'[data-go="{room}"]')
    await vendor.sees("Is it ready?")
    await vendor.says(".chat-head", "Ana")
    await customer.sees_state("Is it ready?", "read")
    await vendor.page.locator(COMPOSER).press_sequentially("In five")
    await customer.says(".chat-typing", "Shop is typing…")
    await vendor.page.press(COMPOSER, "Enter")
    await customer.sees("Is it ready?", "In five")
    await vendor.sees_state("In five", "read")
    await vendor.page.click(".chat-close")
    assert 0 == await vendor.page.locator(f'[data-go="{room}"] .unread').count()
    for talker in (vendor, customer):
        await talker.nothing_ran()


async def test_a_message_is_answered_edited_and_deleted(service: Service, server: Server, browser: Browser) -> None:
    """An answer quotes; an edit shows as one, a deletion leaves a trace without the words, on both screens."""
    room = await open_room(service, server)
    customer = await Talker.in_room(browser, server, room, CUSTOMER)
    vendor = await Talker.in_room(browser, server, room, VENDOR)
    await customer.writes("Two salads")
    await vendor.sees("Two salads")
    await vendor.does("Two salads", "reply")
    await vendor.writes("With nuts?")
    await customer.says(".chat-quote", "Two salads")
    await customer.does("Two salads", "edit")
    await customer.writes("Three salads")
    await vendor.sees("Three salads", "With nuts?")
    assert "Edited" in await vendor.message("Three salads").inner_text()
    await customer.does("Three salads", "remove")
    await customer.page.click('[data-yes="remove"]')
    for talker in (customer, vendor):
        await talker.sees("With nuts?")
        assert "Three salads" not in await talker.text(".chat-log")
        assert 1 == await talker.page.locator(".chat-gone").count()


async def test_what_was_written_without_a_server_is_sent_once_it_is_back(
    service: Service, server: Server, browser: Browser
) -> None:
    """Messages written while nothing answers survive the closed page, and arrive in order, once each."""
    apart = await Apart.at(service, server, browser)
    vendor, customer = apart.vendor, apart.customer
    await customer.writes("one")
    await vendor.sees("one")
    await apart.lose()
    for text in ("two", "three", "four"):
        await customer.writes(text)
        await customer.sees_state(text, "waiting")
    again = await apart.come_back()
    await vendor.sees("one", "two", "three", "four", within_s=30)
    await again.sees("one", "two", "three", "four")
    await again.sees_state("four", "read")
    assert ["one", "two", "three", "four"] == await stored(service, server, apart.room)


async def test_a_lost_answer_doubles_nothing(service: Service, server: Server, browser: Browser) -> None:
    """The connection breaks each time before the page learns that its message was stored; there is one of each."""
    room = await open_room(service, server)
    lost: list[str | bytes] = []

    def cut(route: WebSocketRoute) -> None:
        upstream = route.connect_to_server()

        async def pass_on(frame: str | bytes) -> None:
            if '"chat.ack"' in str(frame) and len(lost) < 3:
                lost.append(frame)
                await route.close(code=4006)
            else:
                route.send(frame)

        upstream.on_message(pass_on)

    context = await browser.new_context()
    await context.route_web_socket("**/ws", cut)
    customer = await Talker.in_room(context, server, room, CUSTOMER)
    for text in ("one", "two", "three"):
        await customer.writes(text)
    await customer.sees_state("three", "sent", within_s=30)
    await customer.sees("one", "two", "three")
    assert ["one", "two", "three"] == await stored(service, server, room)
    assert lost


async def test_hostile_words_and_names_are_only_words(service: Service, server: Server, browser: Browser) -> None:
    """Whatever is written or called like a program shows as it was typed: nothing runs, the policy stops nothing."""
    room = await open_room(service, server)
    name = HOSTILE[1]
    customer = await Talker.in_room(browser, server, room, CUSTOMER, name)
    context = await browser.new_context(viewport=DESK)
    vendor = await Talker.in_room(context, server, room, VENDOR, HOSTILE[0])
    for text in HOSTILE:
        await customer.writes(text)
    await vendor.sees(*HOSTILE, within_s=30)
    await customer.sees(*HOSTILE)
    await vendor.does(HOSTILE[0], "reply")
    await vendor.writes(HOSTILE[4])
    await customer.says(".chat-quote", HOSTILE[0])
    await customer.does(HOSTILE[2], "edit")
    await customer.writes(HOSTILE[5])
    await vendor.says(".chat-head h2", name)
    await vendor.says("#rooms", name)
    for talker in (customer, vendor):
        assert 0 == await talker.page.locator("iframe, .chat img, .chat a, .chat script, .chat style").count()
        await talker.nothing_ran()


async def test_a_conversation_can_be_muted_and_its_other_side_blocked(
    service: Service, server: Server, browser: Browser
) -> None:
    """A muted room counts nothing; a blocked one's message is refused with the reason; both can be taken back."""
    room = await open_room(service, server)
    customer = await Talker.in_room(browser, server, room, CUSTOMER)
    vendor = await Talker.in_room(browser, server, room, VENDOR)

    async def chooses(what: str) -> None:
        await customer.page.click(".chat-menu summary")
        await customer.page.click(f".chat-menu [data-{what}]")

    await chooses("block")
    await customer.says(".chat-notice", "You blocked")
    await vendor.writes("Hello?")
    await vendor.sees_state("Hello?", "failed")
    assert "takes no messages from you" in await vendor.text(".chat-log")
    await customer.page.reload()
    await customer.says(".chat-notice", "You blocked")
    await chooses("block")
    await until(customer.page.locator(".chat-notice").is_hidden)
    await vendor.page.click('[data-act="retry"]')
    await customer.sees("Hello?")
    await chooses("mute")
    await customer.page.click(".chat-menu summary")
    await customer.says(".chat-menu [data-mute]", "Unmute")
    answer = await service.call(server, "GET", f"rooms/{room}", by=CUSTOMER)
    assert answer["muted"]
    for talker in (customer, vendor):
        await talker.nothing_ran()


async def test_a_conversation_needs_neither_mouse_nor_width(service: Service, server: Server, browser: Browser) -> None:
    """By keys alone: write, correct the last message, walk through the messages, answer one; all in 360 pixels."""
    room = await open_room(service, server)
    customer = await Talker.in_room(browser, server, room, CUSTOMER)
    keys = customer.page.keyboard
    await customer.page.focus(COMPOSER)
    await keys.type("frist")
    await keys.press("Enter")
    await customer.sees_state("frist", "sent")
    await keys.press("ArrowUp")
    await keys.press("Control+a")
    await keys.type("first")
    await keys.press("Enter")
    await customer.sees("first")
    long_word = "w" * 300
    await keys.type(long_word)
    await keys.press("Enter")
    await customer.sees("first", long_word)
    await customer.sees_state(long_word, "sent")
    await customer.page.focus(".chat-log")
    for key in ("End", "ArrowUp", "Enter", "Enter"):
        await keys.press(key)
    await customer.says(".chat-about", "first")
    await keys.type("and an answer")
    await keys.press("Enter")
    await customer.says(".chat-quote", "first")
    assert 360 == await customer.page.evaluate("document.documentElement.scrollWidth")
    label = await customer.message("first").get_attribute("aria-label") or ""
    assert label.startswith("You, ")
    assert "edited" in label


async def test_an_order_is_talked_about_where_it_is_watched(service: Service, server: Server, browser: Browser) -> None:
    """Customer, shop and rider talk beside the order; whoever only has the share link is offered nothing."""
    order = await on_the_road(service, server, RIDER[0])
    customer = await Talker.at(browser, server, "/track", CUSTOMER, more=f"&order={order.id}")
    rider = await Talker.at(browser, server, "/ride", RIDER)
    context = await browser.new_context(viewport=DESK)
    vendor = await Talker.at(context, server, "/vendor", VENDOR)
    button = f'[data-order="{order.id}"] [data-talk]'
    await customer.page.click("#messages")
    await vendor.page.click(button)
    for talker in (customer, vendor):
        await talker.says(".chat-log", "The rider picked the order up.")
    await customer.page.keyboard.press("Escape")
    await vendor.page.click(".chat-close")
    await until(customer.page.locator("#messages .unread").is_hidden)
    await rider.page.click(button)
    await rider.page.click('.chat-quick button:text("5 minutes")')
    await customer.says("#messages .unread", "1")
    await vendor.says(f"{button} .unread", "1")
    await customer.page.click("#messages")
    await customer.sees("5 minutes")
    await customer.writes("Second floor, please")
    await rider.sees("5 minutes", "Second floor, please")
    await vendor.page.click(button)
    await vendor.sees("5 minutes", "Second floor, please")
    await customer.page.keyboard.press("Escape")
    assert await customer.page.evaluate("document.activeElement.id") == "messages"
    assert await customer.page.locator("#messages .unread").is_hidden()
    guest = await Talker.open(browser, server.url + await order.share(server))
    await guest.says("#headline", "On the way")
    assert await guest.page.locator("#messages").is_hidden()
