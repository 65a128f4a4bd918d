"""An event in its envelope, and the way to and from bytes.

On the wire it is JSON: {"id", "type", "timestamp", "data", "version"}. `type` is upper case with underscores
(ORDER_CREATED), the routing key is the same in lower case with dots (order.created). Whoever reads must not mind
fields that they do not know: two versions of this service may run at once.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

VERSION = 1
RANDOM_BITS = 74
NAMES = ("request_id", "trace_id")


class Unreadable(ValueError):
    """These bytes are no event; the message says why."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `id` is drawn once and stays the same however often the event is delivered.

    `origin`: `request_id` of the request in which it happened, and `trace_id` where its caller had one; for logs.
    """

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]
    version: int = VERSION
    origin: dict[str, str] | msgspec.UnsetType = msgspec.UNSET

    @property
    def key(self) -> str:
        """The routing key."""
        return key_of(self.type)

    @property
    def names(self) -> dict[str, str]:
        """What log lines call the request it happened in."""
        said = self.origin if isinstance(self.origin, dict) else {}
        return {name: said[name] for name in NAMES if name in said}


_decoder = msgspec.json.Decoder(Event)


def key_of(type_: str) -> str:
    """ORDER_CREATED → order.created."""
    return type_.lower().replace("_", ".")


def new_id(now_ms: int, random: int) -> str:
    """A UUID of version 7: ids sort by time. `random` gives its RANDOM_BITS bits."""
    high, low = (random >> 62) & 0xFFF, random & ((1 << 62) - 1)
    return str(uuid.UUID(int=(now_ms & ((1 << 48) - 1)) << 80 | 7 << 76 | high << 64 | 2 << 62 | low))


def make(
    type_: str, data: dict[str, Any], now_ms: int, random: int, origin: dict[str, str] | None = None
) -> Event:
    """A new event."""
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    return Event(id=new_id(now_ms, random), type=type_, timestamp=at, data=data, origin=origin or msgspec.UNSET)


def encode(event: Event) -> bytes:
    """As it travels."""
    return msgspec.json.encode(event)


def decode(body: bytes) -> Event:
    """As it was; raises Unreadable."""
    try:
        event = _decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"not an event: {error}") from error
    if not event.id or not event.type or event.timestamp.tzinfo is None:
        raise Unreadable("not an event: it needs an id, a type and a timestamp with a time zone")
    return event


def glimpse(body: bytes) -> dict[str, Any] | None:
    """The envelope as plain values, for people who look at what could not be dealt with; None for what is not JSON."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
