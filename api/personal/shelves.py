"""Where a person's data lie and what erasing does there. Pure: queries are values, nobody is asked.

An account's id is random and means nobody once the account is gone; what is kept is kept under it. `KEPT` says what
that is and why, for MongoDB and for Redis; a test erases people who did everything and looks into every collection and
every key.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

Query = dict[str, Any]
End = Literal["erased", "kept"]


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """The person. `email` is empty where there never was an account, or once nothing is kept under it."""

    sub: str
    role: str
    email: str = ""

    @property
    def key(self) -> str:
        """The name conversations know them by."""
        return f"{self.role}:{self.sub}"


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """Documents that are somebody's. `shown`: what an export calls them, without `hidden`; empty: not handed out."""

    collection: str
    about: Callable[[Whose], Query]
    end: End = "erased"
    shown: str = ""
    hidden: tuple[str, ...] = ()


def field(name: str) -> Callable[[Whose], Query]:
    """Documents that have the person's id there."""
    return lambda whose: {name: whose.sub}


def beginning(prefix: Callable[[Whose], str]) -> Callable[[Whose], Query]:
    """Documents whose `_id` begins so, by its index."""
    return lambda whose: {"_id": {"$gte": prefix(whose), "$lt": prefix(whose) + "\uffff"}}


def in_logs(channel: str) -> Query:
    """The items of a channel's log, by the index."""
    return {"_id": {"$gte": {"channel": channel, "offset": -1}, "$lt": {"channel": channel, "offset": 2**53}}}


def own_channels(whose: Whose) -> list[str]:
    """The channels that are about nobody else."""
    return [f"user:{whose.sub}"] + ([f"{whose.role}:{whose.sub}"] if whose.role in ("rider", "vendor") else [])


def own_tracks(whose: Whose) -> Query:
    """The minutes of somebody's tracks, by the index."""
    return {"_id": {"$gte": {"r": whose.sub, "m": 0}, "$lt": {"r": whose.sub, "m": 2**53}}}


SHELVES: Final[tuple[Shelf, ...]] = (
    Shelf(collection="identities", about=field("account"), shown="logins"),
    Shelf(collection="carts", about=field("_id"), shown="cart"),
    Shelf(collection="activity", about=field("user_id"), shown="activity"),
    Shelf(collection="notifications", about=field("user"), shown="notifications", hidden=("purge_at", "claim")),
    Shelf(collection="notification_people", about=field("_id"), shown="contact_and_preferences"),
    Shelf(collection="push_subscriptions", about=field("user"), shown="browsers", hidden=("p256dh", "auth")),
    Shelf(collection="notification_ranks", about=beginning(lambda whose: f"{whose.sub}|")),
    Shelf(collection="notification_digests", about=beginning(lambda whose: f"{whose.key}|")),
    Shelf(collection="devices", about=field("rider"), shown="phones", hidden=("digest",)),
    Shelf(collection="rider_places", about=field("_id")),
    Shelf(collection="tracks", about=own_tracks),
    Shelf(collection="geofence_events", about=field("rider"), shown="fences"),
    Shelf(collection="shares", about=field("by")),
    Shelf(collection="order_keys", about=beginning(lambda whose: f"{whose.key}:")),
    Shelf(collection="channel_heads", about=lambda whose: {"_id": {"$in": own_channels(whose)}}),
    Shelf(collection="channel_logs", about=lambda whose: {"$or": [in_logs(each) for each in own_channels(whose)]}),
    Shelf(collection="vendor_stores", about=field("_id"), shown="store"),
    Shelf(collection="products", about=field("vendor"), shown="products"),
    Shelf(collection="rating_totals", about=field("_id")),
    Shelf(collection="ratings", about=field("vendor"), shown="ratings_received", hidden=("customer",)),
    Shelf(collection="appointment_books", about=field("_id")),
    Shelf(collection="ratings", about=field("customer"), end="kept", shown="ratings_given"),
    Shelf(
        collection="orders", end="kept", shown="orders",
        about=lambda whose: {whose.role: whose.sub} if whose.role in ("customer", "vendor", "rider") else {"_id": ""},
    ),
    Shelf(collection="rider_earnings", about=field("rider"), end="kept", shown="earnings"),
    Shelf(
        collection="appointments", end="kept", shown="appointments",
        about=lambda whose: {"vendor" if whose.role == "vendor" else "customer": whose.sub},
    ),
    Shelf(collection="audit", about=field("sub"), end="kept", shown="audit"),
)
MORE: Final = ("/api/orders", "/api/chat/export", "/api/riders/{id}/track")  # where the long things are read by pages

KEPT: Final[Mapping[str, str]] = {
    "orders": (
        "the books: who bought what of whom, when, for how much. Of a customer's ended orders the door is rounded to "
        "a kilometre, its address and every note are gone; one under way is finished first"
    ),
    "deliveries": "the books: when an order was brought, and by whom",
    "rider_earnings": "the books: what was paid for it",
    "appointments": "the books: what was booked, without notes; those still to come are cancelled",
    "offers": "who was asked to carry an order",
    "audit": "who signed in, and what admins did; until AUDIT_RETENTION_S",
    "rooms": "that two people had a conversation, without names",
    "chat_messages": "that something was said, without its words",
    "chat_marks": "how far somebody had read",
    "chat_reports": "what somebody reported to admins, as it was then",
    "chat_attachments": "pictures that somebody reported",
    "channel_logs": "the steps of orders and rooms, without notes and words",
    "channel_heads": "how far those go; a room is named after its two people",
    "outbox": "events that were told; a week",
    "webhook_deliveries": "events that your backend was told; thirty days",
    "evidence_reads": "which of the staff read an order's evidence",
    "erasures": "that the erasing is under way; until it is done",
}
KEPT_KEYS: Final[Mapping[str, str]] = {
    "ratelimit:": "how often somebody asked; a minute",
    "marks:": "a copy of how far somebody had read; a day",
    "room:": "a copy of a room, without names; a day",
    "recent:": "a copy of the newest steps of orders; a day",
    "job:": "how far a shop's picture was; a day",
    "events:": "events on their way to a worker",
    "cache:tag:orders:": "a random word that says which copies of lists are true; a day",
}
