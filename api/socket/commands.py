"""What a client may say, as one tagged union, and how a frame becomes messages or a refusal that names the field.

A frame is one message or an array of them. The decoders are built once; a frame that decodes whole costs one call.
"""

import re
from typing import Annotated, Any, NamedTuple

import msgspec

from api.errors import Refused
from api.socket.chat_commands import MOST_ID, Chat, Id
from api.socket.notice_commands import NotificationAck
from live.push import Encoding
from tracking.messages import LocationReport

Offset = Annotated[int, msgspec.Meta(ge=0, le=MOST_ID)]
Channel = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]


class Command(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True, gc=False):
    """A client's request. `id` rises from request to request; its answer carries it as `re`."""

    id: Id


class Auth(Command, frozen=True, tag="auth"):
    """Who is there. `client` names the app install, under which a rider's `seq` counts."""

    token: Token
    client: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Renew(Command, frozen=True, tag="auth.renew"):
    """A fresh token for the same user."""

    token: Token


class Recover(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The last log item a client saw on a channel."""

    epoch: Annotated[str, msgspec.Meta(max_length=64)]
    offset: Offset


class Subscribe(Command, frozen=True, tag="subscribe"):
    """Watch a channel, from where the client left when it can say so."""

    channel: Channel
    recover: Recover | None = None
    max_rate_hz: Annotated[float, msgspec.Meta(gt=0, le=100)] | None = None


class Unsubscribe(Command, frozen=True, tag="unsubscribe"):
    """Leave a channel."""

    channel: Channel


class History(Command, frozen=True, tag="history"):
    """Log items of a subscribed channel, before or after an offset; the newest without either."""

    channel: Channel
    before: Offset | None = None
    after: Offset | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


Message = Auth | Renew | Subscribe | Unsubscribe | History | LocationReport | Chat | NotificationAck


class Unread(NamedTuple):
    """A message that could not be read, and its id when it had a usable one."""

    re: int | None
    refused: Refused


_one = (msgspec.json.Decoder(Message), msgspec.msgpack.Decoder(Message))
_many = (msgspec.json.Decoder(list[Message]), msgspec.msgpack.Decoder(list[Message]))
_any = (msgspec.json.Decoder(), msgspec.msgpack.Decoder())
_ARRAYS = (frozenset(b"["), frozenset((*range(0x90, 0xA0), 0xDC, 0xDD)))
_FAULT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"(?:required|unknown) field `(?P<name>[^`]*)`")
_BROKEN = (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError)


def read(frame: bytes, encoding: Encoding, most: int) -> list[Message | Unread]:
    """The messages of a frame, at most `most`. What cannot be read becomes Unread in its place."""
    if encoding is Encoding.JSON and frame[:1] in (b" ", b"\n", b"\t", b"\r"):
        frame = frame.lstrip()
    is_array = frame[:1] != b"" and frame[0] in _ARRAYS[encoding]
    try:
        if not is_array:
            return [_one[encoding].decode(frame)]
        messages: list[Message | Unread] = list(_many[encoding].decode(frame))
    except _BROKEN as error:
        return _one_by_one(frame, encoding, most, is_array, error)
    return messages if len(messages) <= most else [_too_many(len(messages), most)]


def _one_by_one(
    frame: bytes, encoding: Encoding, most: int, is_array: bool, error: Exception
) -> list[Message | Unread]:
    """Read what can be read of a frame that did not decode whole, so that each message gets its own answer."""
    try:
        loose = _any[encoding].decode(frame)
    except _BROKEN:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return [Unread(None, Refused("bad_request", f"The frame is not {encoding.name}: {what}"))]
    if not is_array:
        return [_refuse(loose, error)]
    if len(loose) > most:
        return [_too_many(len(loose), most)]
    read: list[Message | Unread] = []
    for each in loose:
        try:
            read.append(msgspec.convert(each, Message))
        except _BROKEN as fault:
            read.append(_refuse(each, fault))
    return read


def _too_many(count: int, most: int) -> Unread:
    return Unread(None, Refused("too_large", f"The frame holds {count} messages; the limit is {most}."))


def _refuse(message: Any, error: Exception) -> Unread:
    """Say which field is at fault; the path is msgspec's, without its `$.`."""
    found = _FAULT.match(str(error))
    what, path = (found["what"], found["path"] or "") if found else (str(error), "")
    path = path.removeprefix("$").removeprefix(".")
    if named := _NAMED.search(what):
        path = f"{path}.{named['name']}" if path else named["name"]
    code = "unknown_type" if path == "type" and isinstance(message, dict) and "type" in message else "bad_request"
    given = message.get("id") if isinstance(message, dict) else None
    re_id = given if type(given) is int and 0 <= given <= MOST_ID else None
    return Unread(re_id, Refused(code, what, field=path or None))
