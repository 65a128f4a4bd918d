"""Carts in MongoDB: `carts`, {_id: customer, lines: {product: quantity}, at}. An untouched one is forgotten."""

from datetime import datetime

from infra.clients import Database
from live.store import plain

KEPT_S = 30 * 86_400


class CartStore:
    """Reads and writes carts; raises what the driver raises."""

    def __init__(self, db: Database) -> None:
        self.carts = db.carts

    async def ensure_indexes(self) -> None:
        """Make the index; harmless when it stands."""
        await self.carts.create_index("at", expireAfterSeconds=KEPT_S)

    async def lines(self, customer: str) -> dict[str, int]:
        """Product to quantity."""
        found = await self.carts.find_one({"_id": customer})
        return dict(plain(found.get("lines", {}))) if found else {}

    async def put(self, customer: str, product_id: str, quantity: int, without: list[str], now: datetime) -> None:
        """So many of this product, and nothing of those that are gone. The id must be one of a product."""
        change: dict[str, dict[str, object]] = {"$set": {f"lines.{product_id}": quantity, "at": now}}
        if without:
            change["$unset"] = {f"lines.{gone}": "" for gone in without}
        await self.carts.update_one({"_id": customer}, change, upsert=True)

    async def drop(self, customer: str, product_id: str, now: datetime) -> None:
        """Nothing of this product any more. The id must be one of a product."""
        await self.carts.update_one(
            {"_id": customer}, {"$unset": {f"lines.{product_id}": ""}, "$set": {"at": now}}
        )

    async def empty(self, customer: str) -> None:
        """Nothing in it any more."""
        await self.carts.delete_one({"_id": customer})
