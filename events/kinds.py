"""The events there are: for each type the form of its data. What is written to the outbox must have that form.

To add an event, add a struct and a line in KINDS. Ids are strings, instants milliseconds since 1970, money whole minor
units (cents). `farmerId` is the shop: the marketplace's word for a vendor. A field once published is never renamed;
new fields get a default.
"""

from typing import Any, Final

import msgspec


class Data(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an event tells. In Python `order_id`, on the wire `orderId`."""


class OrderData(Data, frozen=True, kw_only=True):
    """An order as it stands after the event. `rev` rises by one with each change: a lower one is older news."""

    order_id: str
    user_id: str
    farmer_id: str
    items: list[dict[str, Any]]
    total_price: int
    status: str
    rev: int
    rider_id: str | None = None


class OrderChange(OrderData, frozen=True, kw_only=True):
    """`change` is what this event is about: `status` or `rider`. `before` is the status or the rider until then."""

    change: str
    before: str | None = None


class ProductData(Data, frozen=True, kw_only=True):
    """A product as it stands. `stock` is what the inventory begins with, when it is told."""

    product_id: str
    farmer_id: str
    title: str
    category: str = ""
    categories_before: list[str] = []
    price: int = 0
    stock: int | None = None


class CacheKeys(Data, frozen=True, kw_only=True):
    """Cached answers that are no longer true, by key or pattern."""

    keys: list[str]


class ImageData(Data, frozen=True, kw_only=True):
    """An image that waits in storage; the bytes do not travel."""

    image_id: str
    product_id: str
    content_hash: str = ""


class NotificationData(Data, frozen=True, kw_only=True):
    """Something a person is to be told. `expiresAt` is when it is no longer worth telling."""

    user_id: str
    role: str
    kind: str
    title: str
    text: str = ""
    order_id: str | None = None
    collapse_key: str | None = None
    priority: str = "normal"
    expires_at: int | None = None


class FenceData(Data, frozen=True, kw_only=True):
    """A rider and a fence."""

    fence_id: str
    rider_id: str
    name: str = ""
    order_id: str | None = None
    at: int = 0


class ArrivalData(Data, frozen=True, kw_only=True):
    """A rider comes near. `place` is `shop` or `door`, `withinM` the ring that was entered."""

    order_id: str
    rider_id: str
    user_id: str
    farmer_id: str
    place: str
    within_m: int
    at: int = 0


class OfferData(Data, frozen=True, kw_only=True):
    """A rider is asked to carry an order, the `number`th time that it is asked of anybody. `rev` is the order's."""

    order_id: str
    rider_id: str
    number: int
    rev: int
    expires_at: int


class SilenceData(Data, frozen=True, kw_only=True):
    """A rider who carries an order says nothing. `since` is when the rider was last heard of."""

    rider_id: str
    order_id: str
    since: int


class StockData(Data, frozen=True, kw_only=True):
    """Few of a product are left, or none. `rev` is the product's."""

    product_id: str
    farmer_id: str
    title: str
    stock: int
    rev: int


class UnreadData(Data, frozen=True, kw_only=True):
    """A message that somebody had a moment to read and did not. `unread` is their count in the room, by the server."""

    room_id: str
    message_id: str
    sender_id: str
    user_id: str
    role: str
    unread: int
    sender_role: str = ""


KINDS: Final[dict[str, type[Data]]] = {
    "ORDER_CREATED": OrderData,
    "ORDER_UPDATED": OrderChange,
    "ORDER_CANCELLED": OrderChange,
    "PRODUCT_CREATED": ProductData,
    "PRODUCT_UPDATED": ProductData,
    "PRODUCT_DELETED": ProductData,
    "CACHE_INVALIDATE": CacheKeys,
    "IMAGE_UPLOADED": ImageData,
    "NOTIFICATION_SEND": NotificationData,
    "GEOFENCE_ENTER": FenceData,
    "GEOFENCE_EXIT": FenceData,
    "RIDER_ARRIVING": ArrivalData,
    "RIDER_OFFERED": OfferData,
    "RIDER_SILENT": SilenceData,
    "STOCK_LOW": StockData,
    "CHAT_MESSAGE_UNREAD": UnreadData,
}


class BadEvent(ValueError):
    """Nobody may say this: there is no such type, or its data have another form. A bug of whoever emits."""


def check(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data in their form, defaults filled in; raises BadEvent."""
    kind = KINDS.get(type_)
    if kind is None:
        raise BadEvent(f"there is no event {type_}; add it to events/kinds.py")
    try:
        whole: dict[str, Any] = msgspec.to_builtins(msgspec.convert(data, kind))
    except msgspec.ValidationError as error:
        raise BadEvent(f"{type_}: {error}") from error
    return whole
