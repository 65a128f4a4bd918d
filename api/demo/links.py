"""Addresses to look at a running service with, one for each kind of person."""

import asyncio
from collections.abc import Callable

import httpx

from api.rights import ENDED
from api.simulate.journal import Life
from api.simulate.people import People, Refusal

LINK_TTL_S = 12 * 3600
SHOP, GUEST = ("vendor-1", "vendor"), ("customer-you", "customer")
OFFICE = ("admin-demo", "admin")
ROOM = f"vendor_{SHOP[0]}_customer_{GUEST[0]}"
PAGES = {
    "vendor": (SHOP, "/vendor"),
    "rider": (("rider-you", "rider"), "/ride"),
    "dispatcher": (("dispatcher-you", "dispatcher"), "/dispatch"),
    "vendor's chat": (SHOP, f"/chat/{ROOM}"),
    "customer's chat": (GUEST, f"/chat/{ROOM}"),
}


def personal(url: str, sign: Callable[[str, str, int], str]) -> dict[str, str]:
    """Label → page with a token in the fragment, which browsers never send. The rider is nobody the play moves: you."""
    return {label: f"{url}{page}#token={sign(*who, LINK_TTL_S)}" for label, (who, page) in PAGES.items()}


def line(label: str, link: str) -> str:
    """How a link is printed."""
    return f"  {label:<16} {link}"


async def open_chat(people: People, say: Callable[[str], None]) -> None:
    """Make the room that the two chat links lead to; it is there already when the data are."""
    try:
        await people.ask(*GUEST, "POST", "/api/rooms", {"vendor_id": SHOP[0]})
    except (Refusal, httpx.TransportError) as error:
        say(f"no room for the chat links: {error}")


async def phone_address(people: People, say: Callable[[str], None]) -> None:
    """An address for a phone app on the road as `rider-you`; the one of the last demo ends."""
    whose = "/api/devices?rider_id=rider-you"
    try:
        for old in (await people.ask(*OFFICE, "GET", whose))["items"]:
            await people.ask(*OFFICE, "DELETE", f"/api/devices/{old['id']}")
        made = await people.ask(*OFFICE, "POST", "/api/devices", {"rider_id": "rider-you", "name": "demo"})
    except (Refusal, httpx.TransportError) as error:
        say(f"no address for phone apps: {error}")
        return
    say(f"{line('phone apps', made['url'])}   type it into one (docs/phones.md)")


class CustomerLink:
    """A share link for an order on its way; when that one ends, a link for another one. `say` prints it."""

    def __init__(self, people: People, say: Callable[[str], None]) -> None:
        self.people, self.say = people, say
        self._order = ""
        self._asking: asyncio.Task[None] | None = None

    def moved(self, life: Life) -> None:
        """An order took a step: perhaps it is the one to follow now, perhaps the followed one is over."""
        if life.id == self._order and (life.status in ENDED or life.lost):
            self._order = ""
        elif not self._order and life.rider and life.status not in ENDED:
            self._order = life.id
            self._asking = asyncio.create_task(self._share(life), name="customer link")

    async def _share(self, life: Life) -> None:
        try:
            made = await self.people.ask(life.customer, "customer", "POST", f"/api/orders/{life.id}/share")
        except (Refusal, httpx.TransportError) as error:
            self.say(f"no share link for order {life.id}: {error}")
            self._order = ""
            return
        self.say(f"{line('customer', made['url'])}   until it is delivered, then another follows")
