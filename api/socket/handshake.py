"""Which upgrade requests become sockets: path, origin and subprotocol are judged here, before anything is built."""

import base64
from typing import NamedTuple

from live.push import Encoding

SUBPROTOCOLS = {"ridewire.v1.json": Encoding.JSON, "ridewire.v1.msgpack": Encoding.MSGPACK}
LONGEST_REQUEST_BYTES = 16 * 1024
KEY_BYTES = 16


class Accepted(NamedTuple):
    """A request to accept. `request` keeps only what the WebSocket handshake needs."""

    encoding: Encoding
    subprotocol: str | None
    request: bytes


class Turned(NamedTuple):
    """A request turned away with an HTTP status."""

    status: int
    text: str


def judge(request: bytes, path: str, origins: frozenset[str]) -> Accepted | Turned:
    """Judge an upgrade request. An absent Origin is no browser and passes; a present one must be listed, or ours."""
    if len(request) > LONGEST_REQUEST_BYTES:
        return Turned(431, "the request's header is too long")
    start, *lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, _, rest = start.partition(" ")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    if rest.partition(" ")[0].partition("?")[0] != path:
        return Turned(404, f"the socket is at {path}")
    if method != "GET":
        return Turned(405, "a WebSocket starts with GET")
    host = headers.get("host", [""])[0]
    if any(origin not in origins and not _is_own_page(origin, host) for origin in headers.get("origin", ())):
        return Turned(403, "this origin is not on the allow-list")
    if headers.get("sec-websocket-version") != ["13"]:
        return Turned(426, "only WebSocket version 13 is spoken here")
    offered = [name.strip() for value in headers.get("sec-websocket-protocol", ()) for name in value.split(",")]
    chosen = next((name for name in offered if name in SUBPROTOCOLS), None)
    if offered and chosen is None:
        return Turned(400, f"none of the subprotocols offered is spoken here; these are: {', '.join(SUBPROTOCOLS)}")
    keys = headers.get("sec-websocket-key", [])
    if len(keys) != 1 or not _is_key(keys[0]):
        return Turned(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    return Accepted(SUBPROTOCOLS[chosen] if chosen else Encoding.JSON, chosen, _bare(path, keys[0]))


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == KEY_BYTES
    except ValueError:
        return False


def _is_own_page(origin: str, host: str) -> bool:
    """Whether the page came from the very host it now opens a socket to: our own pages need no list."""
    return bool(host) and origin in (f"https://{host}", f"http://{host}")


def _bare(path: str, key: str) -> bytes:
    """The request without what the handshake does not need, so that a socket keeps no headers in memory.

    Connection is written anew because browsers also send `keep-alive, Upgrade`, which picows refuses.
    """
    return (
        f"GET {path} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode("latin-1")
