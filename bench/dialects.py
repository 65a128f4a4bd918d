"""The words each system speaks: the same five things said as Ridewire JSON, Ridewire msgpack, or Socket.IO packets."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from picows import WSMsgType


class Heard(msgspec.Struct, gc=False):
    """The few fields of a server's message that a load generator reads."""

    type: str
    seq: int = 0
    upto: int = 0
    re: int = 0
    channel: str = ""
    code: str | int = ""


class Dialect(Protocol):
    """How one system is spoken to. `server_first`: the client waits for a frame before it introduces itself."""

    path: str
    subprotocols: tuple[str, ...]
    kind: WSMsgType
    server_first: bool

    def hello(self, token: str) -> bytes:
        """The first frame."""

    def subscribe(self, number: int, channel: str) -> bytes:
        """Ask for a channel."""

    def report(self, number: int, seq: int, ts: int, lat: float, lng: float) -> bytes:
        """One point."""

    def read(self, payload: bytes) -> Sequence[Heard]:
        """What a frame said."""


class Ridewire:
    """Ridewire's own protocol in one of its encodings; the `ws` peer speaks the JSON one too."""

    path: str = "/ws"
    server_first: bool = False

    def __init__(self, encoding: str) -> None:
        self.subprotocols: tuple[str, ...] = (f"ridewire.v1.{encoding}",)
        self.kind: WSMsgType = WSMsgType.TEXT if encoding == "json" else WSMsgType.BINARY
        codec = msgspec.json if encoding == "json" else msgspec.msgpack
        self._encode: Callable[[object], bytes] = codec.Encoder().encode
        self._decode: Callable[[bytes], Heard | list[Heard]] = codec.Decoder(Heard | list[Heard]).decode

    def hello(self, token: str) -> bytes:
        """`auth`."""
        return self._encode({"type": "auth", "id": 1, "token": token, "client": "bench"})

    def subscribe(self, number: int, channel: str) -> bytes:
        """`subscribe`."""
        return self._encode({"type": "subscribe", "id": number, "channel": channel})

    def report(self, number: int, seq: int, ts: int, lat: float, lng: float) -> bytes:
        """`location.report` of one point."""
        point = {"seq": seq, "ts": ts, "lat": lat, "lng": lng, "accuracy": 5.0, "speed": 5.0}
        return self._encode({"type": "location.report", "id": number, "points": [point]})

    def read(self, payload: bytes) -> Sequence[Heard]:
        """One message or an array of them."""
        heard = self._decode(payload)
        return heard if isinstance(heard, list) else (heard,)


class SocketIo:
    """Socket.IO 4 over a bare WebSocket: Engine.IO packet types 0 open, 2 ping, 3 pong, 4 message."""

    path: str = "/socket.io/?EIO=4&transport=websocket"
    server_first: bool = True
    kind: WSMsgType = WSMsgType.TEXT
    subprotocols: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._event = msgspec.json.Decoder(tuple[str, Heard]).decode
        self._answer = msgspec.json.Decoder(tuple[Heard]).decode

    def hello(self, token: str) -> bytes:
        """CONNECT with the token."""
        return b"40" + msgspec.json.encode({"token": token})

    def subscribe(self, number: int, channel: str) -> bytes:
        """An event that asks for its acknowledgement."""
        return b'42%d["subscribe",%b]' % (number, msgspec.json.encode({"id": number, "channel": channel}))

    def report(self, number: int, seq: int, ts: int, lat: float, lng: float) -> bytes:
        """An event that asks for its acknowledgement."""
        point = {"seq": seq, "ts": ts, "lat": lat, "lng": lng, "accuracy": 5.0, "speed": 5.0}
        body = msgspec.json.encode({"id": number, "points": [point]})
        return b'42%d["location.report",%b]' % (number, body)

    def read(self, payload: bytes) -> Sequence[Heard]:
        """Packets that matter here, as Ridewire would have said them."""
        if payload.startswith(b"42"):
            return (self._event(payload[2:])[1],)
        if payload.startswith(b"43"):
            return self._answer(payload[payload.index(b"[") :])
        names = {b"0": "open", b"2": "ping", b"4": "welcome" if payload.startswith(b"40") else "error"}
        return (Heard(names.get(payload[:1], "error")),)


DIALECTS: dict[str, Callable[[], Dialect]] = {
    "json": lambda: Ridewire("json"),
    "msgpack": lambda: Ridewire("msgpack"),
    "socketio": SocketIo,
}
