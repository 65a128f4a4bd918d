"""What is in a cart and what it costs now, shop by shop. An order makes its own prices when it is placed."""

from collections.abc import Mapping

import msgspec

from api.catalog.product import Product


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of one product. `enough`: whether so many are left just now."""

    product_id: str
    name: str
    quantity: int
    price: int
    subtotal: int
    enough: bool


class CartPart(msgspec.Struct, frozen=True, kw_only=True):
    """What would be one order: everything from one vendor in one currency."""

    vendor_id: str
    currency: str
    total: int
    lines: list[CartLine]


class CartView(msgspec.Struct, frozen=True, kw_only=True):
    """The cart. `gone`: products in it that are sold no more; they go when it is changed."""

    parts: list[CartPart]
    items: int
    gone: list[str]


def view(lines: Mapping[str, int], products: Mapping[str, Product]) -> CartView:
    """The cart as an answer."""
    parts: dict[tuple[str, str], list[CartLine]] = {}
    for product_id, quantity in sorted(lines.items()):
        product = products.get(product_id)
        if product is not None:
            line = CartLine(
                product_id=product_id, name=product.name, quantity=quantity, price=product.price,
                subtotal=quantity * product.price, enough=product.stock is None or product.stock >= quantity,
            )
            parts.setdefault((product.vendor, product.currency), []).append(line)
    return CartView(
        parts=[
            CartPart(vendor_id=vendor, currency=currency, total=sum(line.subtotal for line in found), lines=found)
            for (vendor, currency), found in parts.items()
        ],
        items=sum(quantity for product_id, quantity in lines.items() if product_id in products),
        gone=sorted(set(lines) - set(products)),
    )
