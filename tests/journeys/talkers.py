"""People who talk: a conversation on somebody's screen, as it is written, seen and pressed."""

from typing import Any, Self
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext, FilePayload, Locator

from tests.journeys.people import PHONE, Screen
from tests.journeys.service import Server, Service, token
from tests.waiting import until

VENDOR, CUSTOMER, RIDER = ("v1", "vendor"), ("c1", "customer"), ("r1", "rider")
COMPOSER = ".chat-compose textarea"
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "<svg/onload=alert(3)>",
    "\"><iframe srcdoc='<script>parent.alert(4)</script>'></iframe>",
    "' autofocus onfocus=alert(5) x='",
    "<style>@import url(https://evil.invalid/x.css);*{display:none}</style>",
    "<a href=javascript:alert(6)>click</a>",
    "javascript:alert(7)",
    "</textarea><script>alert(8)</script>",
    "{{constructor.constructor('alert(9)')()}} ${alert(9)}",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(10)>",
    "&lt;script&gt;alert(11)&lt;/script&gt; &#x3c;b>",
    "<base href=https://evil.invalid/><link rel=stylesheet href=//evil.invalid/y.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.invalid/'>",
    "<dialog open><button autofocus onfocus=alert(12)>",
)
# What the policy stopped, and whether anything ran that we did not write, as the page itself notes it.
WITNESS = """
window.ran = [];
window.stopped = [];
addEventListener("securitypolicyviolation", (event) => stopped.push(`${event.violatedDirective} ${event.blockedURI}`));
for (const name of ["alert", "confirm", "prompt"]) window[name] = (words) => ran.push(`${name} ${words}`);
"""


async def open_room(service: Service, server: Server) -> str:
    """The room of the shop and its customer."""
    room: dict[str, Any] = await service.call(server, "POST", "rooms", {"vendor_id": VENDOR[0]}, by=CUSTOMER)
    return str(room["id"])


async def stored(service: Service, server: Server, room: str) -> list[str]:
    """The texts that the server holds, oldest first."""
    page = await service.call(server, "GET", f"rooms/{room}/messages?limit=200", by=VENDOR)
    return [item["text"] for item in page["items"]]


class Talker(Screen):
    """A conversation somebody has open."""

    @classmethod
    async def at(
        cls, where: Browser | BrowserContext, server: Server, path: str, who: tuple[str, str], name: str = "",
        more: str = "",
    ) -> Self:
        """Look at this path as this person, on a small phone unless the context says otherwise."""
        if isinstance(where, Browser):
            where = await where.new_context(viewport=PHONE)
        await where.add_init_script(WITNESS)
        return await cls.open(where, f"{server.url}{path}#token={token(*who, name)}{more}")

    @classmethod
    async def in_room(
        cls, where: Browser | BrowserContext, server: Server, room: str, who: tuple[str, str], name: str = ""
    ) -> Self:
        """Open a room's own page."""
        talker = await cls.at(where, server, f"/chat/{quote(room)}", who, name)
        await talker.page.locator(COMPOSER).wait_for()
        return talker

    def message(self, text: str) -> Locator:
        """The message that says this."""
        texts = self.page.locator(".chat-text").get_by_text(text, exact=True)
        return self.page.locator(".chat-row").filter(has=texts)

    async def texts(self) -> list[str]:
        """Everything that is shown, oldest first."""
        return await self.page.locator(".chat-text").all_text_contents()

    async def writes(self, text: str) -> None:
        """Write it and press Enter."""
        await self.page.fill(COMPOSER, text)
        await self.page.press(COMPOSER, "Enter")

    async def adds(self, *files: tuple[str, bytes], state: str = "sent") -> None:
        """Choose these pictures and wait until they are up, or wait for a connection."""
        chosen: list[FilePayload] = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
        await self.page.set_input_files("[data-files]", chosen)
        ready = self.page.locator(f'.chat-tray [data-state="{state}"]')

        async def are_up() -> bool:
            return await ready.count() == len(files)

        await until(are_up, 30)

    async def sees(self, *texts: str, within_s: float = 15) -> None:
        """Return once exactly these are shown, in this order."""

        async def shown() -> bool:
            return await self.texts() == list(texts)

        try:
            await until(shown, within_s)
        except AssertionError as error:
            raise AssertionError(f"{await self.texts()} are shown, not {list(texts)}") from error

    async def sees_state(self, text: str, state: str, within_s: float = 15) -> None:
        """Return once the message of this text has come so far."""

        async def is_there() -> bool:
            return await self.message(text).get_attribute("data-state") == state

        await until(is_there, within_s)

    async def does(self, text: str, action: str) -> None:
        """Open a message and choose what to do with it."""
        await self.message(text).locator(".chat-bubble").click()
        await self.message(text).locator(f'[data-act="{action}"]').click()

    async def nothing_ran(self) -> None:
        """Nothing but our own code ran, and the policy had nothing to stop."""
        assert [] == await self.page.evaluate("ran")
        assert [] == await self.page.evaluate("stopped")
        assert [] == self.policy_reports
        assert [] == self.errors_of_ours


class Apart:
    """The shop, and a customer whose own server goes away and comes back."""

    def __init__(self, server: Server, room: str, vendor: Talker, customer: Talker) -> None:
        self.server, self.room, self.vendor, self.customer = server, room, vendor, customer

    @classmethod
    async def at(cls, service: Service, server: Server, browser: Browser) -> Self:
        """Both have the room open, the shop at another server."""
        other = service.serve()
        room = await open_room(service, other)
        vendor = await Talker.in_room(browser, other, room, VENDOR)
        return cls(server, room, vendor, await Talker.in_room(await browser.new_context(), server, room, CUSTOMER))

    async def lose(self) -> None:
        """The customer's server is killed, and the customer is told."""
        self.server.kill()
        await self.customer.says(".chat-head", "Offline")

    async def come_back(self) -> Talker:
        """The customer closes the page; the server comes back; they open the page again."""
        await self.customer.page.close()
        self.server.start()
        return await Talker.in_room(self.customer.page.context, self.server, self.room, CUSTOMER)
