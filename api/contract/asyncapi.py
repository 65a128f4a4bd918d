"""The socket as an AsyncAPI 3 document, made from the types. Pure."""

import inspect
import typing
from typing import Any

import msgspec

from api.contract import said
from api.contract.said_in_rooms import Nothing
from api.errors import MEANINGS
from api.socket import commands
from api.socket.codes import ENDINGS

VERSION = "1"
ABOUT = (
    "One socket per client. A frame is one message or an array of messages; JSON travels in text frames "
    "(subprotocol ridewire.v1.json), MessagePack in binary frames (ridewire.v1.msgpack). The first message is auth. "
    "A request's answer carries its id as re; pushes carry none."
)
SCHEMAS = "#/components/schemas/{name}"
Made = dict[str, Any]


def requests() -> list[type[msgspec.Struct]]:
    """What clients may say."""
    return list(typing.get_args(commands.Message))


def tag(kind: type[msgspec.Struct]) -> str:
    """The value of `type` on the wire."""
    return str(kind.__struct_config__.tag)


def about(kind: type[msgspec.Struct]) -> str:
    """The type's docstring as one paragraph."""
    return " ".join(inspect.cleandoc(kind.__doc__ or "").split())


def reference(*path: str) -> Made:
    """A $ref to somewhere in the document."""
    return {"$ref": "/".join(("#", *path))}


def message(kind: type[msgspec.Struct]) -> Made:
    """One message, its payload by reference."""
    return {
        "name": tag(kind), "title": tag(kind), "summary": about(kind),
        "payload": reference("components", "schemas", kind.__name__),
    }


def operations() -> Made:
    """Requests with their answers, and pushes; from the server's side, as AsyncAPI wants it."""
    socket, made = reference("channels", "socket"), {}

    def in_channel(*kinds: type[msgspec.Struct]) -> list[Made]:
        return [reference("channels", "socket", "messages", kind.__name__) for kind in kinds]

    for kind in requests():
        answer = said.ANSWERS[tag(kind)]
        answers = in_channel(said.Failed) if answer is Nothing else in_channel(answer, said.Failed)
        reply = {"channel": socket, "messages": answers}
        made[f"on_{kind.__name__}"] = {
            "action": "receive", "channel": socket, "summary": about(kind), "messages": in_channel(kind),
            "reply": reply,
        }
    for push in said.PUSHES:
        made[f"push_{push.__name__}"] = {
            "action": "send", "channel": socket, "summary": about(push), "messages": in_channel(push),
        }
    return made


def document() -> Made:
    """The whole document, ready for JSON."""
    kinds = [*requests(), *typing.get_args(said.Message)]
    _, schemas = msgspec.json.schema_components([*kinds], ref_template=SCHEMAS)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Ridewire socket", "version": VERSION, "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:8000", "protocol": "ws", "description": "ridewire demo"}},
        "channels": {
            "socket": {
                "address": "/ws",
                "messages": {kind.__name__: reference("components", "messages", kind.__name__) for kind in kinds},
                "bindings": {"ws": {"method": "GET"}},
            }
        },
        "operations": operations(),
        "components": {"messages": {kind.__name__: message(kind) for kind in kinds}, "schemas": schemas},
        "x-error-codes": {code: {"title": row.title, "retry": row.retry} for code, row in MEANINGS.items()},
        "x-close-codes": {str(int(code)): reason for code, (reason, _) in sorted(ENDINGS.items())},
    }
