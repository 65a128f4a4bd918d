"""What goes to a watcher: a message encoded once per encoding, with the channel's name spliced in per channel."""

import enum
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from live.own import author, shown

_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()

FIXMAP, FIXMAP_MOST, MAP16, MAP32 = 0x80, 15, 0xDE, 0xDF
FIXARRAY, FIXARRAY_MOST = 0x90, 15
CHANNEL_KEY = _msgpack.encode("channel")
CHANNELS_AT_HAND = 8192

Message = dict[str, Any] | msgspec.Struct


class Encoding(enum.IntEnum):
    """How a socket's messages are written. JSON travels in text frames, MessagePack in binary frames."""

    JSON = 0
    MSGPACK = 1


class Push:
    """One message for many sockets, without its "channel". `born_ms`: epoch ms when its cause came in, for meters.

    `author`: whose sockets get `for_author` instead, None where all get the same.
    """

    __slots__ = ("_bodies", "_last", "author", "born_ms", "for_author", "message")

    def __init__(self, message: Message, born_ms: float | None = None) -> None:
        self.message = message
        self.author: str | None = None
        self.for_author: Push | None = None
        self.born_ms = born_ms
        self._bodies: list[bytes | None] = [None, None]
        self._last: tuple[str, Encoding, bytes] | None = None

    @classmethod
    def item(cls, item: dict[str, Any]) -> "Push":
        """A log item, without what clients do not get."""
        push = cls(shown(item, ""))
        push.author = author(item)
        if push.author is not None:
            push.for_author = cls(shown(item, push.author))
        return push

    def for_(self, owner: str) -> "Push":
        """What this person's sockets get."""
        return self.for_author if self.for_author is not None and self.author == owner else self

    def on(self, channel: str, encoding: Encoding) -> bytes:
        """The bytes of this message as a push on `channel`; watchers of one channel share them."""
        last = self._last
        if last is not None and last[0] == channel and last[1] is encoding:
            return last[2]
        body = self._bodies[encoding]
        if body is None:
            body = self._bodies[encoding] = encode(self.message, encoding)
        frame = _on_json(body, channel) if encoding is Encoding.JSON else _on_msgpack(body, channel)
        self._last = (channel, encoding, frame)
        return frame


def encode(message: Message, encoding: Encoding) -> bytes:
    """One message as bytes."""
    return _json.encode(message) if encoding is Encoding.JSON else _msgpack.encode(message)


def join(frames: Sequence[bytes], encoding: Encoding) -> bytes:
    """Many messages as one frame: a single one stays itself, more become an array."""
    if len(frames) == 1:
        return frames[0]
    if encoding is Encoding.JSON:
        return b"[" + b",".join(frames) + b"]"
    if len(frames) <= FIXARRAY_MOST:
        return bytes((FIXARRAY | len(frames),)) + b"".join(frames)
    return b"\xdd" + len(frames).to_bytes(4, "big") + b"".join(frames)


def _on_json(body: bytes, channel: str) -> bytes:
    return _beginning(channel) + (body[1:] if body == b"{}" else b"," + body[1:])


@lru_cache(CHANNELS_AT_HAND)
def _beginning(channel: str) -> bytes:
    """How a JSON push on this channel begins."""
    return b'{"channel":' + _json.encode(channel)


def _on_msgpack(body: bytes, channel: str) -> bytes:
    """Raise the count in the map's header by one and put the channel first."""
    head = body[0]
    if head < FIXMAP | FIXMAP_MOST:
        return bytes((head + 1,)) + CHANNEL_KEY + _msgpack.encode(channel) + body[1:]
    size, rest = {
        MAP16: (int.from_bytes(body[1:3], "big"), 3),
        MAP32: (int.from_bytes(body[1:5], "big"), 5),
    }.get(head, (FIXMAP_MOST, 1))
    return b"\xdf" + (size + 1).to_bytes(4, "big") + CHANNEL_KEY + _msgpack.encode(channel) + body[rest:]
