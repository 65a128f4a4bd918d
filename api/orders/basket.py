"""Which items of an order come from our catalog, and what they cost. The server says the price, not the client.

An item whose `product_id` has the form of our ids is ours. Every other item is the marketplace's own: it is kept as it
was given, and no price is made of it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from api.catalog.product import Product
from api.errors import Refused

Item = dict[str, str | int | float | bool | None]
OURS = re.compile("^p[0-9a-hjkmnp-tv-z]{14}$")
MOST_OF_ONE = 1000


class Priced(msgspec.Struct, frozen=True):
    """The items with our names and prices in them, and their sum; None where nothing is from the catalog."""

    items: tuple[Item, ...]
    total: int | None
    currency: str | None


def is_ours(item: Item) -> bool:
    """Whether the item is from the catalog."""
    product_id = item.get("product_id")
    return isinstance(product_id, str) and OURS.match(product_id) is not None


def wanted(items: Sequence[Item]) -> dict[str, int] | Refused:
    """How many of each product, in the order of their ids, so that two orders never wait for each other in a ring."""
    counts: dict[str, int] = {}
    for item in filter(is_ours, items):
        quantity = item.get("quantity", 1)
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= MOST_OF_ONE:
            return Refused("bad_request", f"A quantity is a whole number from 1 to {MOST_OF_ONE}.", "items")
        counts[str(item["product_id"])] = counts.get(str(item["product_id"]), 0) + quantity
    return dict(sorted(counts.items()))


def sell(product_id: str, product: Product | None, quantity: int, vendor: str, now: datetime) -> Product | Refused:
    """The product after this vendor sold so many of it, or why they cannot be ordered."""
    if product is None or product.vendor != vendor:
        return Refused("bad_request", f"{vendor} sells no {product_id}.", "items")
    if product.kind == "service":
        return Refused("bad_request", f"{product.name} is a service: book an appointment.", "items")
    if product.stock is not None and product.stock < quantity:
        return Refused("sold_out", f"Of {product.name} {product.stock} are left, and {quantity} are wanted.", "items")
    left = None if product.stock is None else product.stock - quantity
    return msgspec.structs.replace(product, stock=left, rev=product.rev + 1, updated_at=now)


def price(items: Sequence[Item], products: Mapping[str, Product]) -> Priced | Refused:
    """The items as the order keeps them. All prices must be in one currency."""
    currencies = sorted({product.currency for product in products.values()})
    if len(currencies) > 1:
        return Refused("bad_request", f"One order has one currency, not {' and '.join(currencies)}.", "items")
    if not products:
        return Priced(tuple(items), None, None)
    told: list[Item] = []
    total = 0
    for item in items:
        if not is_ours(item):
            told.append(item)
            continue
        product, quantity = products[str(item["product_id"])], int(item.get("quantity") or 1)
        ours: Item = {
            "product_id": product.id, "name": product.name, "quantity": quantity, "price": product.price,
            "currency": product.currency,
        }
        note = item.get("note")
        told.append(ours | {"note": note} if isinstance(note, str) else ours)
        total += quantity * product.price
    return Priced(tuple(told), total, currencies[0])
