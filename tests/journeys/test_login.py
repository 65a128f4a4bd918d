"""People sign up and in with a browser, forget their password, and leave."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from tests.api.accounts.mailbox import Mailbox, mailbox
from tests.journeys.people import DOOR, PHONE, SHOP, Screen
from tests.journeys.service import Server, Service
from tests.waiting import until

PASSWORD, NEW = "violet-anchor-42", "amber-lantern-77"


@pytest_asyncio.fixture(loop_scope="session")
async def box() -> AsyncIterator[Mailbox]:
    """Everybody's mailbox."""
    async with mailbox() as box:
        yield box


@pytest.fixture
def service(
    pages: None, valkey: Valkey, mongod: Mongod, prefix: str, tmp_path: Path, box: Mailbox
) -> Iterator[Service]:
    """A service that can write letters."""
    service = Service({
        "REDIS_URL": valkey.url, "MONGO_URL": mongod.url, "MONGO_DB": prefix, "KEY_PREFIX": prefix,
        "MAP_STYLE_URL": "http://127.0.0.1:9/style.json", "SMTP_URL": box.url,
    }, tmp_path)
    yield service
    service.stop()


class Visitor(Screen):
    """Somebody at /login."""

    async def fills(self, **fields: str) -> None:
        """Type into these fields."""
        for name, text in fields.items():
            await self.page.fill(f"#{name}", text)

    async def signs_up(self, email: str, role: str) -> None:
        """As somebody new."""
        await self.page.click("#mode-register")
        await self.fills(name="Ana", email=email, password=PASSWORD)
        await self.page.check(f'input[value="{role}"]')
        await self.page.click("#send")

    async def is_at(self, path: str) -> None:
        """Return once the browser shows this page."""
        await self.page.wait_for_url(lambda url: url.split("#")[0].endswith(path))

    async def cookie(self) -> bool:
        """Whether the browser took the session's cookie, as its own fetch sees it."""
        return bool(await self.page.evaluate("fetch('/api/auth/session').then((answer) => answer.ok)"))


async def visitor(browser: Browser, server: Server) -> Visitor:
    """A new browser at /login, on a small phone."""
    screen = await Visitor.open(await browser.new_context(viewport=PHONE), f"{server.url}/login")
    await screen.page.wait_for_selector("body[data-ready]")
    return screen


async def test_a_vendor_signs_up_works_and_is_signed_out_everywhere(server: Server, browser: Browser) -> None:
    """From the form to the vendor's page, live; ending the session cuts the page off and leaves nothing behind."""
    ana = await visitor(browser, server)
    width = await ana.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    await ana.signs_up("ana@shop.example", "vendor")
    await ana.is_at("/vendor")
    await ana.has("#connection", "connection", "online")
    assert await ana.cookie()
    await ana.page.evaluate("""async () => {
      const { csrf_token } = await (await fetch('/api/auth/session')).json();
      await fetch('/api/auth/sessions', { method: 'DELETE', headers: { 'X-CSRF-Token': csrf_token } });
    }""")
    await ana.has("#connection", "connection", "refused")
    assert not await ana.cookie()
    assert [] == ana.errors_of_ours


async def test_who_forgot_their_password_sets_a_new_one_and_finds_their_order(
    service: Service, server: Server, browser: Browser, box: Mailbox
) -> None:
    """A wrong password is said and changes nothing; a code by e-mail leads on to the order under way."""
    ana = await visitor(browser, server)
    await ana.signs_up("ana@shop.example", "customer")
    await ana.says("#who", "no order under way")
    user = await ana.page.evaluate("fetch('/api/auth/session').then((answer) => answer.json())")
    await ana.page.click("#leave")
    await until(lambda: _shown(ana, "#form"))
    body = {
        "customer_id": user["user"]["id"], "vendor_id": "v1", "pickup": {"lat": SHOP[0], "lng": SHOP[1]},
        "dropoff": {"lat": DOOR[0], "lng": DOOR[1]},
    }
    await service.call(server, "POST", "orders", body, by=("a1", "admin"))
    await ana.fills(email="ana@shop.example", password="not-the-one")
    await ana.page.click("#send")
    await ana.says("#problem", "No account has this address and this password")
    await ana.page.click("#forgot")
    await ana.page.click("#send")
    await ana.says("#said", "a code is on its way")
    await ana.fills(code=await box.code("ana@shop.example"), password=NEW)
    await ana.page.click("#send")
    await ana.is_at("/track")
    await until(lambda: _shown(ana, "#status, #title, h1"))
    assert [] == ana.errors_of_ours


async def _shown(screen: Screen, selector: str) -> bool:
    return await screen.page.locator(selector).first.is_visible()
