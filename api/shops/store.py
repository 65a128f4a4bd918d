"""In MongoDB: `vendor_stores` (`_id` the vendor), `ratings` (`_id` the order rated), `rating_totals` (one a vendor)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from api.orders.order import Spot
from api.shops.shapes import Rating, StoreView
from infra.clients import Database
from infra.transactions import Session


class ShopStore:
    """Reads and writes stores; raises what the driver raises."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def ensure_indexes(self) -> None:
        """Make the indexes; harmless when they stand."""
        await self.db.ratings.create_index([("vendor", 1), ("at", -1)])
        await self.db.ratings.create_index("customer")

    async def open(self, vendor: str, name: str, description: str, spot: Spot, now: datetime) -> StoreView | None:
        """A new store; None when the vendor has one."""
        row = {
            "_id": vendor, "name": name, "description": description, "spot": msgspec.to_builtins(spot), "is_open": True,
            "created_at": now, "updated_at": now,
        }
        try:
            await self.db.vendor_stores.insert_one(row)
        except DuplicateKeyError:
            return None
        return view(row, await self.rating(vendor))

    async def get(self, vendor: str) -> StoreView | None:
        """The vendor's store, or None."""
        row = await self.db.vendor_stores.find_one({"_id": vendor})
        return view(row, await self.rating(vendor)) if row else None

    async def change(self, vendor: str, changes: Mapping[str, Any], now: datetime) -> StoreView | None:
        """Set these fields; None when there is no such store."""
        row = await self.db.vendor_stores.find_one_and_update(
            {"_id": vendor}, {"$set": {**changes, "updated_at": now}}, return_document=ReturnDocument.AFTER
        )
        return view(row, await self.rating(vendor)) if row else None

    async def page(self, after: str | None, limit: int) -> list[StoreView]:
        """Stores by vendor, those after one."""
        query = {"_id": {"$gt": after}} if after else {}
        rows = [row async for row in self.db.vendor_stores.find(query).sort("_id", 1).limit(limit)]
        totals = self.db.rating_totals.find({"_id": {"$in": [row["_id"] for row in rows]}})
        given = {row["_id"]: row async for row in totals}
        return [view(row, mean(given.get(row["_id"]))) for row in rows]

    async def rate(self, row: dict[str, Any], session: Session) -> Rating:
        """Write a rating and add it to its vendor's; what the vendor has now."""
        await self.db.ratings.insert_one(dict(row), session=session)
        total = await self.db.rating_totals.find_one_and_update(
            {"_id": row["vendor"]}, {"$inc": {"stars": row["stars"], "count": 1}}, upsert=True,
            return_document=ReturnDocument.AFTER, session=session,
        )
        return mean(total)

    async def rating(self, vendor: str) -> Rating:
        """What customers gave the vendor."""
        return mean(await self.db.rating_totals.find_one({"_id": vendor}))


def mean(total: Mapping[str, Any] | None) -> Rating:
    """The kept sum as people read it."""
    if total is None or not total["count"]:
        return Rating(average=None, count=0)
    return Rating(average=round(total["stars"] / total["count"], 2), count=int(total["count"]))


def view(row: Mapping[str, Any], rating: Rating) -> StoreView:
    """The kept store as an answer."""
    return StoreView(
        vendor_id=row["_id"], name=row["name"], description=row["description"], spot=msgspec.convert(row["spot"], Spot),
        is_open=row["is_open"], rating=rating, created_at=row["created_at"], updated_at=row["updated_at"],
    )
