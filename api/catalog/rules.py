"""What a product may be, and what becomes of one that is amended. Everything that refuses one stands here."""

from datetime import datetime
from typing import Any

import msgspec

from api.catalog.product import Product
from api.errors import Refused
from events.kinds import ProductData, StockData

LOW_STOCK = 3  # a shop hears of it when so few are left, and when none is
FREE = frozenset({"name", "description", "category", "price", "currency", "stock", "duration_min"})


def check_product(product: Product) -> Refused | None:
    """Why this cannot be sold; None when it can."""
    if product.kind == "service" and product.stock is not None:
        return Refused("bad_request", "A service has no stock; leave it out.", "stock")
    if product.kind == "product" and product.duration_min is not None:
        return Refused("bad_request", "Only a service takes time; leave duration_min out.", "duration_min")
    return None


def amend(product: Product, changes: dict[str, Any], now: datetime) -> Product:
    """The product with these fields; the same one when nothing is different."""
    after = msgspec.structs.replace(product, **{name: value for name, value in changes.items() if name in FREE})
    return after if after == product else msgspec.structs.replace(after, rev=product.rev + 1, updated_at=now)


def is_telling(before: int | None, after: int | None) -> bool:
    """Whether the shop wants to hear of this change of stock: it became low, or ended, or came back."""
    if before is None or after is None:
        return False
    return (after <= LOW_STOCK < before) or (after == 0 < before) or (before == 0 < after)


def told_low(before: int | None, after: Product) -> dict[str, Any] | None:
    """What `STOCK_LOW` tells of this change of stock; None when it did not make the product scarce."""
    if before is None or after.stock is None or after.stock >= before or not is_telling(before, after.stock):
        return None
    data: dict[str, Any] = msgspec.to_builtins(StockData(
        product_id=after.id, farmer_id=after.vendor, title=after.name, stock=after.stock, rev=after.rev,
    ))
    return data


def log_item(kind: str, product: Product) -> dict[str, Any]:
    """The change as `vendor:{id}` and `ops` carry it; `offset` and `channel` come with delivery."""
    return {
        "type": "product", "change": kind, "product": product.id, "vendor": product.vendor, "name": product.name,
        "stock": product.stock, "rev": product.rev, "ts": round(product.updated_at.timestamp() * 1000),
    }


def stock_item(product: Product) -> dict[str, Any]:
    """A telling change of stock as the shop hears it."""
    return {
        "type": "stock", "product": product.id, "name": product.name, "stock": product.stock,
        "ts": round(product.updated_at.timestamp() * 1000),
    }


def stock_entries(before: int | None, after: Product) -> list[tuple[str, dict[str, Any]]]:
    """What the shop's channel hears of a change of stock: nothing, mostly."""
    return [(f"vendor:{after.vendor}", stock_item(after))] if is_telling(before, after.stock) else []


def told(product: Product, category_before: str = "") -> dict[str, Any]:
    """What a product's event tells the workers. A category that it left is told, so that its lists are made anew."""
    left = [category_before] if category_before not in ("", product.category) else []
    data: dict[str, Any] = msgspec.to_builtins(ProductData(
        product_id=product.id, farmer_id=product.vendor, title=product.name, category=product.category,
        categories_before=left, price=product.price, stock=product.stock,
    ))
    return data
