"""What is said, on its way in (`Say`, `Change`) and as items of a room's log. Pure.

Items carry two fields that do not reach every client (live/own.py): `own`, for the sender's devices, and `inside`, for
this service: the room's counts at that item, and the offsets whose text it makes void.
"""

import base64
import hashlib
from datetime import datetime
from typing import Any

import msgspec

from chat.room import SYSTEM, Person
from chat.unread import Counts


class Say(msgspec.Struct, frozen=True, kw_only=True):
    """A new message. `message_id` follows from room, sender and `client_id`, so the same one is stored once."""

    room: str
    sender: Person
    client_id: str
    text: str
    at: datetime
    reply_to: str | None = None
    attachments: tuple[str, ...] = ()
    system: dict[str, Any] | None = None

    @property
    def message_id(self) -> str:
        """The same for the same `client_id`, at any time."""
        return message_id(self.room, self.sender, self.client_id)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Another text for a message of one's own; None takes the message away."""

    room: str
    sender: Person
    message_id: str
    text: str | None
    at: datetime


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A durable log item. `duplicate`: it was stored before, and this is where."""

    room: str
    message_id: str
    offset: int
    number: int
    at: datetime
    duplicate: bool = False
    epoch: str = ""
    item: dict[str, Any] = {}


def message_id(room: str, sender: Person, client_id: str) -> str:
    """`m` and 32 letters made from who says it where under which name of their choosing."""
    digest = hashlib.blake2b("\n".join((room, sender.key, client_id.lower())).encode(), digest_size=20).digest()
    return "m" + base64.b32encode(digest).decode().lower()


def to_ms(at: datetime) -> int:
    """Epoch milliseconds."""
    return round(at.timestamp() * 1000)


def counts_of(item: dict[str, Any]) -> Counts:
    """The room's counts at this item of its log."""
    inside = item.get("inside") or {}
    return Counts(inside.get("number", 0), inside.get("sent", {}))


def new_item(say: Say, counts: Counts, attachments: list[dict[str, Any]]) -> dict[str, Any]:
    """The log item of a new message; `counts` include it, `attachments` are as it shows them."""
    item: dict[str, Any] = {
        "type": "chat.message", "number": counts.number, "message_id": say.message_id, "sender": say.sender.sub,
        "sender_role": say.sender.role, "sender_name": say.sender.name, "text": say.text, "ts": to_ms(say.at),
    }
    if say.reply_to:
        item["reply_to"] = say.reply_to
    if attachments:
        item["attachments"] = attachments
    if say.system:
        item["system"] = say.system
    if say.sender is not SYSTEM:
        item["own"] = {"of": say.sender.key, "show": {"client_id": say.client_id}}
    return item | {"inside": {"number": counts.number, "sent": counts.sent}}


def changed_item(
    before: dict[str, Any], change: Change, counts: Counts, voids: list[int]
) -> dict[str, Any]:
    """The log item of an edit or a deletion. `before`: the message's row; `voids`: offsets of its earlier texts."""
    item: dict[str, Any] = {
        "type": "chat.message", "number": before["number"], "message_id": before["_id"], "sender": before["sender_id"],
        "sender_role": before["sender_type"], "sender_name": before["sender_name"], "text": change.text or "",
        "ts": to_ms(before["timestamp"]), "changed": to_ms(change.at),
    }
    item["deleted" if change.text is None else "edited"] = True
    if before.get("reply_to"):
        item["reply_to"] = before["reply_to"]
    if before.get("attachments") and change.text is not None:
        item["attachments"] = before["attachments"]
    item["own"] = {"of": before["by"], "show": {"client_id": before["client_id"]}}
    inside: dict[str, Any] = {"number": counts.number, "sent": counts.sent}
    if change.text is None:
        inside["voids"] = voids
    return item | {"inside": inside}
