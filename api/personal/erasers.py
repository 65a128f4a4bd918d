"""All that erasing somebody takes, in order. Each step may run twice, or again after it was cut short."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from api.accounts.account import Device
from api.accounts.desk import AccountDesk
from api.appointments.rules import check_cancel
from api.errors import Refused
from api.market import Market
from api.orders.desk import utc_now
from api.orders.order import to_ms
from api.personal.copies import Copies
from api.personal.shelves import Whose
from api.personal.store import PersonalStore
from api.rooms.own import OwnWords
from chat.room import Person

PAGE = 100
Step = Callable[[Whose], Awaitable[object]]


class Erasers:
    """`steps`: by name, in the order they are taken."""

    def __init__(
        self, accounts: AccountDesk, market: Market, words: OwnWords, store: PersonalStore, copies: Copies
    ) -> None:
        self.accounts, self.market, self.words, self.store, self.copies = accounts, market, words, store, copies
        self.steps: Mapping[str, Step] = {
            "account": self.account, "words": self.said, "shop": self.shop, "appointments": self.appointments,
            "shelves": store.empty, "orders": self.orders,
        }

    async def account(self, whose: Whose) -> None:
        """Nobody signs in on it any more, and whoever is signed in is not."""
        await self.accounts.erase(whose.sub, Device())

    async def said(self, whose: Whose) -> None:
        """Their words, their name, their pictures in conversations."""
        await self.words.erase(Person(whose.sub, whose.role))

    async def shop(self, whose: Whose) -> None:
        """What a vendor sells is withdrawn as if by themselves, so that lists, search and workers hear of it."""
        if whose.role != "vendor":
            return
        catalog = self.market.catalog
        while products := await catalog.store.page({"vendor": whose.sub}, None, None, PAGE):
            for product in products:
                await catalog.withdraw(product)
                names = [name for each in product.images for name in (each.small, each.medium, each.large)]
                if names:
                    await self.store.drop_pictures(names)
        await self.market.forget.stores()

    async def appointments(self, whose: Whose) -> None:
        """Those to come are cancelled, so that their time is free."""
        booked: dict[str, Any] = {"vendor" if whose.role == "vendor" else "customer": whose.sub, "status": "booked"}
        after, now = None, utc_now()
        while page := await self.market.appointments.page(booked, after, PAGE):
            for each in page:
                if not isinstance(check_cancel(each, now), Refused):
                    await self.market.appointments.cancel(each, now)
            after = page[-1].id

    async def orders(self, whose: Whose) -> None:
        """Ended orders are blurred; what Redis holds goes last, when nothing is left to copy."""
        touched = await self.store.blur(whose)
        await self.copies.drop(whose, touched, to_ms(utc_now()))
