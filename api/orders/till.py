"""What an order takes and gives besides itself, inside its transaction: stock, the cart, and what its rider earns.

Placing takes stock and empties the cart of what was ordered; cancelling gives the stock back; delivering writes the
delivery and the rider's earning. Each step is taken once, so each of these happens once.
"""

import asyncio

from api.catalog.product import Product
from api.catalog.rules import stock_entries, told_low
from api.catalog.store import ProductStore
from api.earnings.rules import Pay, delivered, earned
from api.errors import Refusal, Refused
from api.orders.basket import Item, price, sell, wanted
from api.orders.order import Order
from api.telling import Entry
from events.outbox import Outbox
from infra.clients import Database
from infra.transactions import Session

# What a shop's day is reckoned from: an index that holds all of it, so that no document is read.
DAY_OF_A_SHOP = ("vendor", "delivered_at", "took_s", "ride_s", "late", "eta_error_s")


class Till:
    """`pay`: how a rider's earning is reckoned."""

    def __init__(self, db: Database, pay: Pay | None = None) -> None:
        self.db, self.pay = db, pay or Pay()
        self.products, self.outbox = ProductStore(db), Outbox(db)

    async def ensure_indexes(self) -> None:
        """Make collections and indexes: a transaction should not be the first to make one."""
        await asyncio.gather(
            self.products.ensure_indexes(),
            self.db.deliveries.create_index([("delivered_at", -1)]),
            self.db.deliveries.create_index([(name, 1) for name in DAY_OF_A_SHOP]),
            self.db.rider_earnings.create_index([("rider", 1), ("_id", -1)]),
        )

    async def fill(self, order: Order, session: Session, from_cart: bool = False) -> tuple[Order, list[Entry]]:
        """The order with our prices, its stock taken. Raises Refusal, which takes the whole order back."""
        if from_cart:
            order = order.with_prices((*order.items, *await self._in_cart(order, session)), None, None)
        counts = wanted(order.items)
        if isinstance(counts, Refused):
            raise Refusal.of(counts)
        if not counts:
            return order, []
        await self._refuse_closed(order.vendor, session)
        sold = await self._take(counts, order, session)
        news: list[Entry] = []
        for product in sold.values():
            if product.stock is not None:
                before = product.stock + counts[product.id]
                news += stock_entries(before, product)
                if (low := told_low(before, product)) is not None:
                    await self.outbox.add("STOCK_LOW", low, session=session)
        priced = price(order.items, sold)
        if isinstance(priced, Refused):
            raise Refusal.of(priced)
        await self.db.carts.update_one(
            {"_id": order.customer}, {"$unset": {f"lines.{product_id}": "" for product_id in counts}}, session=session
        )
        return order.with_prices(priced.items, priced.total, priced.currency), news

    async def settle(self, before: Order, after: Order, session: Session) -> list[Entry]:
        """What follows from this change of an order."""
        if after.status == before.status:
            return []
        if after.status == "cancelled":
            return await self._give_back(after, session)
        if after.status == "delivered":
            promise = await self.db.promises.find_one({"_id": after.id}, session=session)
            row = delivered(after, self.pay, promise["arrives_ms"] if promise else None)
            await self.db.deliveries.insert_one(row, session=session)
            if (earning := earned(row, self.pay)) is not None:
                await self.db.rider_earnings.insert_one(earning, session=session)
        return []

    async def promise(self, order_id: str, arrives_ms: int) -> None:
        """Remember the arrival that was told at pick-up, to know later how far off it was."""
        await self.db.promises.update_one({"_id": order_id}, {"$set": {"arrives_ms": arrives_ms}}, upsert=True)

    async def _in_cart(self, order: Order, session: Session) -> list[Item]:
        """What the customer's cart holds of this vendor."""
        cart = await self.db.carts.find_one({"_id": order.customer}, session=session)
        lines: dict[str, int] = cart.get("lines", {}) if cart else {}
        theirs = {"_id": {"$in": sorted(lines)}, "vendor": order.vendor}
        cursor = self.db.products.find(theirs, {"_id": 1}, session=session)
        items: list[Item] = [{"product_id": row["_id"], "quantity": int(lines[row["_id"]])} async for row in cursor]
        if not items:
            raise Refusal("bad_request", f"The cart holds nothing of {order.vendor}.", "from_cart")
        return items

    async def _take(self, counts: dict[str, int], order: Order, session: Session) -> dict[str, Product]:
        """So many of each out of the stock: read together and written together, all as of one moment."""
        found = await self.products.many(list(counts), session)
        sold: dict[str, Product] = {}
        for product_id, quantity in counts.items():
            after = sell(product_id, found.get(product_id), quantity, order.vendor, order.created_at)
            if isinstance(after, Refused):
                raise Refusal.of(after)
            sold[product_id] = after
        if not await self.products.put_sold(list(sold.values()), session):
            raise Refusal("conflict", "A product changed meanwhile; order again.", "items")
        return sold

    async def _give_back(self, order: Order, session: Session) -> list[Entry]:
        counts = wanted(order.items) if order.total is not None else {}
        news: list[Entry] = []
        for product_id, quantity in ({} if isinstance(counts, Refused) else counts).items():
            given = await self.products.give_back(product_id, quantity, order.updated_at, session)
            if given is not None and given.stock is not None:
                news += stock_entries(given.stock - quantity, given)
        return news

    async def _refuse_closed(self, vendor: str, session: Session) -> None:
        store = await self.db.vendor_stores.find_one({"_id": vendor}, {"is_open": 1}, session=session)
        if store is not None and not store["is_open"]:
            raise Refusal("store_closed", f"The store of {vendor} takes no orders just now.", "vendor_id")
