"""What catalog requests and answers look like. Requests are closed to unknown fields."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from api.catalog.product import Category, Currency, Kind, Minutes, Name, Price, Product, Stock, Words
from api.orders.shapes import Body, Sub

MOST_PRODUCTS, FIRST_PAGE = 100, 50
LONGEST_ID, LONGEST_NAME = 64, 128
Rev = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1, description="only if it is still at this revision")]


class NewProduct(Body, frozen=True):
    """Something to sell. A vendor leaves `vendor_id` out: it is theirs. Without `stock` nobody counts what is left."""

    name: Name
    price: Price
    category: Category
    currency: Currency | None = None
    kind: Kind = "product"
    description: Words = ""
    stock: Stock | None = None
    duration_min: Minutes | None = None
    vendor_id: Sub | None = None


class Changes(Body, frozen=True):
    """The fields to change, and no others. `rev`: only if the product is still at this revision."""

    name: Name | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    description: Words | UnsetType = UNSET
    stock: Stock | UnsetType | None = UNSET
    duration_min: Minutes | UnsetType | None = UNSET
    rev: Rev | UnsetType = UNSET

    def given(self) -> dict[str, Any]:
        """Name to value of what was sent, without `rev`."""
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name != "rev"}
        return {name: value for name, value in told.items() if value is not UNSET}


class ImageView(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of one picture's three sizes; what stands at an address never changes."""

    id: str
    small: str
    medium: str
    large: str


class ProductView(msgspec.Struct, frozen=True, kw_only=True):
    """A product as everybody sees it. `price` in minor units; `stock` null: not counted."""

    id: str
    vendor_id: str
    kind: Kind
    name: str
    description: str
    category: str
    price: int
    currency: str
    stock: int | None
    in_stock: bool
    duration_min: int | None
    images: list[ImageView]
    rev: int
    created_at: datetime
    updated_at: datetime


class ProductPage(msgspec.Struct, frozen=True, kw_only=True):
    """Products newest first; `next` is the `after` of the next page, null on the last."""

    items: list[ProductView]
    next: str | None


class Following(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question for a page after the first: what most ask who read on."""

    after: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
    vendor: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] | None = None
    category: Category | None = None


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """How many are left; null: nobody counts."""

    product_id: str
    stock: int | None
    in_stock: bool
    updated_at: datetime


def view(product: Product) -> ProductView:
    """The product as an answer."""
    return ProductView(
        id=product.id, vendor_id=product.vendor, kind=product.kind, name=product.name,
        description=product.description, category=product.category, price=product.price, currency=product.currency,
        stock=product.stock, in_stock=product.in_stock, duration_min=product.duration_min,
        images=[
            ImageView(id=each.id, small=address(each.small), medium=address(each.medium), large=address(each.large))
            for each in product.images
        ],
        rev=product.rev, created_at=product.created_at, updated_at=product.updated_at,
    )


def address(name: str) -> str:
    """Where a stored picture is fetched."""
    return f"/api/images/{name}"
