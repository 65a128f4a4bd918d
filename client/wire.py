"""Messages and frames: both encodings, and which newer push takes an elder's place. Nothing here awaits."""

from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import msgspec

Message: TypeAlias = dict[str, Any]

# Newest wins, per channel and subject: message type → (kind, the field naming its subject). A `left` undoes a position.
LATEST = {
    "position": ("where", "rider"),
    "left": ("where", "rider"),
    "clusters": ("clusters", ""),
    "eta": ("eta", "order"),
    "presence": ("presence", "user"),
    "chat.receipt": ("receipt", "user"),
    "chat.typing": ("typing", "user"),
    "notification.state": ("unread", ""),
    "counters": ("counters", ""),
    "fence.changed": ("fence", "fence"),
}
SECRET_FIELDS = frozenset({"token", "text"})


class Encoding(Enum):
    """How messages become frames; the value is the WebSocket subprotocol."""

    JSON = "ridewire.v1.json"
    MSGPACK = "ridewire.v1.msgpack"


def dumps(message: Message | list[Message], encoding: Encoding) -> str | bytes:
    """One frame: text for JSON, binary for msgpack."""
    return msgspec.json.encode(message).decode() if encoding is Encoding.JSON else msgspec.msgpack.encode(message)


def loads(frame: str | bytes, encoding: Encoding) -> list[Message]:
    """A frame's messages; raises msgspec.DecodeError or ValidationError for anything but a map or an array of maps."""
    if encoding is Encoding.JSON:
        content = msgspec.json.decode(frame)
    else:
        content = msgspec.msgpack.decode(frame if isinstance(frame, bytes) else frame.encode())
    return msgspec.convert(content if isinstance(content, list) else [content], list[Message])


def merge_key(push: Message) -> tuple[str, str, str] | None:
    """What a newer push of the same key replaces; None for a push that must be kept (log items, `gap`, `bye`)."""
    if "offset" in push or push["type"] not in LATEST:
        return None
    kind, subject = LATEST[push["type"]]
    named = push.get(subject) or push.get("rider") or ""
    return push.get("channel", ""), kind, str(named) if subject else ""


def socket_url(url: str) -> str:
    """`http(s)` becomes `ws(s)`, and a bare host gets the endpoint's path."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path if parts.path not in ("", "/") else "/ws", parts.query, ""))


def redacted(message: Message) -> Message:
    """The message as a debug log may show it: without tokens and without what people wrote."""
    return {name: "…" if name in SECRET_FIELDS else value for name, value in message.items()}
