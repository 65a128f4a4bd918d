"""What store requests and answers look like."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from api.orders.order import Spot
from api.orders.shapes import Body, Sub

StoreName = Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["Lola's Fruits"])]
About = Annotated[str, msgspec.Meta(max_length=2000, examples=["Fruit from Laguna, every morning."])]


class NewStore(Body, frozen=True):
    """A store to open. A vendor leaves `vendor_id` out: it is theirs. `spot`: where riders pick up."""

    name: StoreName
    spot: Spot
    description: About = ""
    vendor_id: Sub | None = None


class StoreChanges(Body, frozen=True):
    """The fields to change. `is_open`: whether orders are taken just now."""

    name: StoreName | UnsetType = UNSET
    spot: Spot | UnsetType = UNSET
    description: About | UnsetType = UNSET
    is_open: bool | UnsetType = UNSET


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What customers gave: the mean of one to five stars, null before the first, and how many gave them."""

    average: float | None
    count: int


class StoreView(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's store. Its id is the vendor's."""

    vendor_id: str
    name: str
    description: str
    spot: Spot
    is_open: bool
    rating: Rating
    created_at: datetime
    updated_at: datetime


class StorePage(msgspec.Struct, frozen=True, kw_only=True):
    """Stores by vendor's id; `next` is the `after` of the next page, null on the last."""

    items: list[StoreView]
    next: str | None
