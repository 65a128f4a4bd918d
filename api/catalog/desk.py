"""The catalog's use cases: offer, amend, withdraw. Each is decided by the rules, written at once, and then told."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal

import msgspec

from api.catalog.product import Product
from api.catalog.rules import amend, check_product, log_item, stock_entries, told, told_low
from api.catalog.store import ProductStore
from api.errors import Refused
from api.telling import Announcement, Entry, Teller
from events.outbox import Outbox
from infra.transactions import Session, transact

TRIES = 5
Publish = Callable[[str, bytes], Awaitable[object]]
Cleared = Callable[[list[Product]], Awaitable[None]]
Written = tuple[Product, list[Announcement]]
Change = Literal["created", "updated", "deleted"]


def updated_topic(product_id: str) -> str:
    """Pub/sub channel that hears of every change of a product."""
    return f"products:updated:{product_id}"


class CatalogDesk:
    """Every change a product takes goes through here.

    After a commit `cleared` forgets what is cached of the products as they were and as they are; then the channels and
    `publish` hear of it.
    """

    def __init__(self, store: ProductStore, teller: Teller, publish: Publish, cleared: Cleared) -> None:
        self.store, self.teller, self.publish, self.cleared = store, teller, publish, cleared
        self.outbox = Outbox(store.db)

    async def offer(self, product: Product) -> Product | Refused:
        """Put something new up for sale."""
        if (refused := check_product(product)) is not None:
            return refused

        async def write(session: Session) -> Written:
            await self.store.insert(product, session)
            return product, await self._record("created", product, session)

        return await self._told(await transact(self.store.db, write))

    async def amend(
        self, before: Product, changes: dict[str, Any], rev: int | None, now: datetime
    ) -> Product | Refused:
        """Change some fields. With `rev`, only if the product is still at it; otherwise whatever it has become."""
        for _ in range(TRIES):
            if rev is not None and rev != before.rev:
                return Refused("conflict", f"The product is at revision {before.rev}, not {rev}; look again.", "rev")
            amended = amend(before, changes, now)
            if (refused := check_product(amended)) is not None or amended is before:
                return refused or before
            written = await self._swap(before, amended)
            if written is not None:
                return await self._told(written, before)
            fresh = await self.store.get(before.id)
            if fresh is None:
                return Refused("not_found", f"There is no product {before.id} any more.")
            before = fresh
        return Refused("conflict", "The product changes faster than it can be written; try again.")

    async def withdraw(self, product: Product) -> Product | Refused:
        """Sell it no more. Orders that hold it keep what they say of it."""

        async def write(session: Session) -> Written | Refused:
            gone = await self.store.drop(product.id, session)
            if gone is None:
                return Refused("not_found", f"There is no product {product.id} any more.")
            return gone, await self._record("deleted", gone, session)

        written = await transact(self.store.db, write)
        return written if isinstance(written, Refused) else await self._told(written)

    async def _swap(self, before: Product, after: Product) -> Written | None:
        async def write(session: Session) -> Written | None:
            if not await self.store.swap(before, after, session):
                return None
            entries = stock_entries(before.stock, after)
            recorded = await self._record("updated", after, session, before.category)
            if (low := told_low(before.stock, after)) is not None:
                await self.outbox.add("STOCK_LOW", low, session=session)
            return after, [*recorded, *await self.teller.write(entries, session)]

        return await transact(self.store.db, write)

    async def _record(
        self, change: Change, product: Product, session: Session, category_before: str = ""
    ) -> list[Announcement]:
        """The change's event for the workers and its log items, in the same transaction."""
        await self.outbox.add(f"PRODUCT_{change.upper()}", told(product, category_before), session=session)
        entries: list[Entry] = [(f"vendor:{product.vendor}", log_item(change, product))]
        if change == "created":
            entries.append(("ops", log_item(change, product)))
        return await self.teller.write(entries, session)

    async def _told(self, written: Written, before: Product | None = None) -> Product:
        """After the commit: caches first, so that whoever hears of the change reads the new one."""
        product, announcements = written
        await self.cleared([product] if before is None else [before, product])
        await self.teller.tell(announcements)
        await self.publish(updated_topic(product.id), msgspec.json.encode({"id": product.id, "rev": product.rev}))
        return product
