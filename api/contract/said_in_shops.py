"""What the server says about trade on `vendor:{id}` and `ops`; see said.py."""

from typing import Annotated, Literal

import msgspec

from api.contract.words import Instant, Offset, Said

Left = Annotated[int, msgspec.Meta(ge=0, description="how many are left; null where nobody counts")]
Stars = Annotated[int, msgspec.Meta(ge=1, le=5)]


class ProductChanged(Said, tag="product"):
    """A product was put up for sale, changed or withdrawn. On its vendor's channel; new ones on `ops` too."""

    channel: str
    offset: Offset
    change: Literal["created", "updated", "deleted"]
    product: str
    vendor: str
    name: str
    stock: Left | None
    rev: int
    ts: Instant


class StockChanged(Said, tag="stock"):
    """A product's stock became low, ended, or came back."""

    channel: str
    offset: Offset
    product: str
    name: str
    stock: Left
    ts: Instant


class Rated(Said, tag="rating"):
    """A customer rated a delivered order. `average` and `count`: of all the vendor's ratings."""

    channel: str
    offset: Offset
    order: str
    stars: Stars
    comment: str
    average: float
    count: int
    ts: Instant


class Booked(Said, tag="appointment"):
    """An appointment was made or cancelled."""

    channel: str
    offset: Offset
    appointment: str
    status: Literal["booked", "cancelled"]
    product: str
    customer: str
    starts_ms: Instant
    ends_ms: Instant
    ts: Instant


News = ProductChanged | StockChanged | Rated | Booked
