"""What the server says about rooms; see said.py."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from api.contract.words import Instant, Offset, Said

Number = Annotated[int, msgspec.Meta(ge=0, description="of a message in its room: 1, 2, 3 …; edits do not raise it")]


class Nothing(Said, tag="nothing"):
    """There is no answer unless the request is refused."""


class Done(Said, tag="ok"):
    """It is done."""

    re: int


class ChatAck(Said, tag="chat.ack"):
    """A majority has the message. `duplicate`: it had been stored before, and this is where."""

    re: int
    client_id: str
    message_id: str
    offset: Offset
    number: Number
    ts: Instant
    duplicate: bool


class System(msgspec.Struct, forbid_unknown_fields=True):
    """What a message of the service is about, so that a page can use its own words."""

    kind: Literal["order"]
    status: str
    rider: str | UnsetType = UNSET


class ChatMessage(Said, tag="chat.message"):
    """A log item: a message, or with `edited` or `deleted` its newer form, known by `message_id`.

    `client_id` only for the sender's own devices.
    """

    number: Number
    message_id: str
    sender: str
    sender_role: str
    sender_name: str
    text: str
    ts: Instant
    client_id: str | UnsetType = UNSET
    changed: Instant | UnsetType = UNSET
    edited: bool | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    reply_to: str | UnsetType = UNSET
    attachments: list[dict[str, Any]] | UnsetType = UNSET
    system: System | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    offset: Offset | UnsetType = UNSET


class ChatReceipt(Said, tag="chat.receipt"):
    """Somebody has got, and read, messages up to these numbers."""

    user: str
    delivered: Number
    read: Number
    channel: str | UnsetType = UNSET


class TypingNow(Said, tag="chat.typing"):
    """Somebody types, or no longer does; expires by itself after 6 s."""

    user: str
    on: bool
    channel: str | UnsetType = UNSET


class ChatRoom(Said, tag="chat.room"):
    """A room's members or openness changed; see chat.md."""

    room: dict[str, Any]
    channel: str | UnsetType = UNSET


class ChatUnread(Said, tag="chat.unread"):
    """On `user:SUB`: how many messages of others in a room are unread, absolutely."""

    room: str
    unread: Annotated[int, msgspec.Meta(ge=0)]
    number: Number
    channel: str | UnsetType = UNSET
