"""Products in MongoDB: collection `products`, one document each, `_id` its id. Stock never goes below nought."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING, TEXT, ReturnDocument, UpdateOne

from api.catalog.product import Product
from infra.clients import Database
from infra.transactions import Session

MOST_WORDS = 8


class ProductStore:
    """Reads and writes products; raises what the driver raises."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def ensure_indexes(self) -> None:
        """Make the indexes; harmless when they stand."""
        for field in ("vendor", "category"):
            await self.db.products.create_index([(field, ASCENDING), ("_id", DESCENDING)])
        await self.db.products.create_index(
            [("name", TEXT), ("category", TEXT), ("description", TEXT)], name="words", default_language="none",
            weights={"name": 10, "category": 4, "description": 1},
        )

    async def get(self, product_id: str, session: Session | None = None) -> Product | None:
        """The product, or None."""
        found = await self.db.products.find_one({"_id": product_id}, session=session)
        return from_document(found) if found else None

    async def many(self, ids: list[str], session: Session | None = None) -> dict[str, Product]:
        """Those of these products that exist."""
        rows = await self.db.products.find({"_id": {"$in": ids}}, session=session).to_list(len(ids)) if ids else []
        return {found["_id"]: from_document(found) for found in rows}

    async def page(self, where: Mapping[str, Any], words: str | None, after: str | None, limit: int) -> list[Product]:
        """Products newest first, those before the id `after`; with `words`, those that have every one of them."""
        query = {**where, **({"_id": {"$lt": after}} if after else {})}
        if words is not None:
            query["$text"] = {"$search": every_word(words)}
        rows = await self.db.products.find(query).sort("_id", DESCENDING).limit(limit).to_list(limit)
        return [from_document(found) for found in rows]  # one by one a cursor costs more than what it brings

    async def insert(self, product: Product, session: Session) -> None:
        """Write a new product."""
        await self.db.products.insert_one(to_document(product), session=session)

    async def swap(self, before: Product, after: Product, session: Session) -> bool:
        """Put `after` in the place of `before`; False when that is not there any more."""
        swapped = await self.db.products.find_one_and_replace(
            {"_id": before.id, "rev": before.rev}, to_document(after), {"_id": 1},
            return_document=ReturnDocument.AFTER, session=session,
        )
        return swapped is not None

    async def add_image(
        self, product_id: str, image: dict[str, str], now: datetime, session: Session
    ) -> dict[str, Any] | None:
        """The product with one more picture, or None when it is gone."""
        row: dict[str, Any] | None = await self.db.products.find_one_and_update(
            {"_id": product_id}, {"$push": {"images": image}, "$inc": {"rev": 1}, "$set": {"updated_at": now}},
            return_document=ReturnDocument.AFTER, session=session,
        )
        return row

    async def drop(self, product_id: str, session: Session) -> Product | None:
        """Delete the product; what it was, or None."""
        gone = await self.db.products.find_one_and_delete({"_id": product_id}, session=session)
        return from_document(gone) if gone else None

    async def put_sold(self, sold: Sequence[Product], session: Session) -> bool:
        """Put in the stock of products that this transaction has read at the revision before.

        False when one is at another revision. MongoDB ends the transaction where another one changes them too.
        """
        changed = await self.db.products.bulk_write([
            UpdateOne(
                {"_id": each.id, "rev": each.rev - 1},
                {"$set": {"stock": each.stock, "rev": each.rev, "updated_at": each.updated_at}},
            )
            for each in sold
        ], session=session)
        return bool(changed.matched_count == len(sold))

    async def give_back(self, product_id: str, quantity: int, now: datetime, session: Session) -> Product | None:
        """Put so many back; the product afterwards, None when it is gone or nobody counts it."""
        given = await self.db.products.find_one_and_update(
            {"_id": product_id, "stock": {"$type": "number"}},
            {"$inc": {"stock": quantity, "rev": 1}, "$set": {"updated_at": now}},
            return_document=ReturnDocument.AFTER, session=session,
        )
        return from_document(given) if given else None


def every_word(words: str) -> str:
    """A search that asks for each of the words; quotes and signs of the search language are left out."""
    plain_words = [word for word in ("".join(c if c.isalnum() else " " for c in words)).split() if word][:MOST_WORDS]
    return " ".join(f'"{word}"' for word in plain_words)


def to_document(product: Product) -> dict[str, Any]:
    """The product as MongoDB keeps it."""
    document: dict[str, Any] = msgspec.to_builtins(product, builtin_types=(datetime,))
    document["_id"] = document.pop("id")
    return document


def from_document(document: Mapping[str, Any]) -> Product:
    """The product as it was kept; its numbers are plain already (`PlainInt` in infra/clients.py)."""
    return msgspec.convert({"id": document["_id"], **document}, Product)
