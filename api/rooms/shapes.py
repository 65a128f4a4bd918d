"""What requests and answers about rooms look like. Requests are closed to unknown fields."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from api.orders.shapes import Body, Sub
from chat.desk import Glance
from chat.messages import Stored
from chat.room import Kind, Room
from chat.rooms import utc_now
from live.own import shown

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000, examples=["Is it ready?"])]
MessageId = Annotated[str, msgspec.Meta(pattern="^m[a-z2-7]{32}$", examples=["m" + "a" * 32])]
ClientId = Annotated[str, msgspec.Meta(
    pattern="^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$", examples=["018f3c1e-7c2b-4d7e-9a3f-2b6d8c0e1f4a"]
)]
AttachmentId = Annotated[str, msgspec.Meta(pattern="^a[0-9a-f]{32}$", examples=["a" + "0" * 32])]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, examples=[12])]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, examples=["insults"])]


class OpenRoom(Body, frozen=True):
    """Which room: a customer names the vendor, a vendor the customer; or `support` for one with our people."""

    vendor_id: Sub | None = None
    customer_id: Sub | None = None
    support: bool = False


class SayIt(Body, frozen=True):
    """A message. `client_id` is of one's own choosing and kept over retries; a picture may stand without a text."""

    client_id: ClientId
    text: Annotated[str, msgspec.Meta(max_length=20_000, examples=["Is it ready?"])]
    reply_to: MessageId | None = None
    attachments: Annotated[list[AttachmentId], msgspec.Meta(max_length=10)] = msgspec.field(default_factory=list)


class EditIt(Body, frozen=True):
    """The text the message shall have."""

    text: Text


class MarkIt(Body, frozen=True):
    """Up to which number messages were delivered and read."""

    delivered: Number | None = None
    read: Number | None = None


class ReportIt(Body, frozen=True):
    """Which message is out of order, and why."""

    message_id: MessageId
    reason: Reason


class MemberView(msgspec.Struct, frozen=True):
    """Somebody who is in a room."""

    user: str
    role: str
    name: str


class RoomView(msgspec.Struct, frozen=True, kw_only=True):
    """A room as one of its members sees it. `number`: of the newest message; `unread` leaves out one's own."""

    id: str
    kind: Kind
    order: str | None
    is_open: bool
    closes_at: datetime | None
    number: int
    members: list[MemberView]
    blocked_by_me: list[str]
    muted: bool
    unread: int
    delivered: int
    read: int
    created_at: datetime
    updated_at: datetime
    last: dict[str, Any] | None = None


class RoomList(msgspec.Struct, frozen=True):
    """Rooms, last active first. `unread`: in all of them."""

    items: list[RoomView]
    unread: int


class AttachmentView(msgspec.Struct, frozen=True):
    """A picture as it will go with a message: its id, and what it is called, for showing."""

    id: str
    name: str
    type: str
    width: int
    height: int
    bytes: int


class Page(msgspec.Struct, frozen=True):
    """Log items, ascending by offset; `more`: there are further ones in the direction asked for."""

    items: list[dict[str, Any]]
    more: bool


class Ack(msgspec.Struct, frozen=True):
    """The message is stored by a majority. `duplicate`: it had been before, and this is its first ack."""

    client_id: str
    message_id: str
    offset: int
    number: int
    ts: int
    duplicate: bool


class Marked(msgspec.Struct, frozen=True):
    """Where one's mark is now."""

    delivered: int
    read: int
    unread: int


class Reported(msgspec.Struct, frozen=True):
    """The report's id."""

    id: str


class Reports(msgspec.Struct, frozen=True):
    """Reports newest first, each with what stood around the message; `next` is the `after` of the next page."""

    items: list[dict[str, Any]]
    next: str | None


class Export(msgspec.Struct, frozen=True):
    """What somebody wrote, oldest first; `next` is the `after` of the next page."""

    items: list[dict[str, Any]]
    next: str | None


def shared_view(room: Room) -> dict[str, Any]:
    """What all members see alike, as it is pushed."""
    fields = {
        "id": room.id, "kind": room.kind, "order": room.order, "is_open": room.is_open(utc_now()),
        "closes_at": room.closes_at, "created_at": room.created_at, "updated_at": room.updated_at,
        "members": [MemberView(each.user, each.role, each.name) for each in room.members],
    }
    built: dict[str, Any] = msgspec.to_builtins(fields)
    return built


def view(glance: Glance, sub: str, role: str) -> RoomView:
    """The room as an answer to one of its members."""
    room = glance.room
    last = shown(glance.last, f"{role}:{sub}") if glance.last else None
    return RoomView(
        id=room.id, kind=room.kind, order=room.order, is_open=room.is_open(utc_now()), closes_at=room.closes_at,
        number=glance.number, members=[MemberView(each.user, each.role, each.name) for each in room.members],
        blocked_by_me=[block.user for block in room.blocks if block.by == sub], muted=sub in room.muted,
        unread=glance.unread, delivered=glance.mark.delivered, read=glance.mark.read, created_at=room.created_at,
        updated_at=max(room.updated_at, glance.last_at or room.updated_at), last=last,
    )


def ack(stored: Stored, client_id: str) -> Ack:
    """The ack of a message."""
    ts = round(stored.at.timestamp() * 1000)
    return Ack(client_id, stored.message_id, stored.offset, stored.number, ts, stored.duplicate)
