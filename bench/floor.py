"""The floor of this way of working: a picows server that decodes a report, answers it, pushes the position; no more.

No rules, no Redis, no privacy, no slow readers: what is left is Python, sockets and the kernel. Nobody should use it.
"""

import asyncio
import contextlib
import gc
import os
import time

import jwt
import msgspec
import uvloop
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from api.socket.engine import READ_BUFFER_BYTES
from tracking.messages import Point

GC_THRESHOLDS = (50_000, 20, 50)  # those of api/serve.py, which would bring the whole service

_encode = msgspec.json.Encoder().encode


class Said(msgspec.Struct):
    """Whatever a client says."""

    type: str
    id: int
    token: str = ""
    channel: str = ""
    points: list[Point] = []


class Position(msgspec.Struct, tag_field="type", tag="position", omit_defaults=True, gc=False):
    """What a watcher hears, with its channel: written in one go, where Ridewire writes once for all channels."""

    channel: str
    rider: str
    lat: float
    lng: float
    ts: int
    received: int
    seq: int
    accuracy: float | None = None
    speed: float | None = None


class Ack(msgspec.Struct, tag_field="type", tag="location.ack"):
    """What the rider hears: nothing behind it is safe."""

    re: int
    upto: int
    duplicates: int = 0
    rejected: list[int] = []
    durable: str = "nowhere"


_decode = msgspec.json.Decoder(Said).decode


class Socket(WSListener):
    """One client; `watchers` are all of the process, by channel."""

    def __init__(self, watchers: dict[str, list[WSTransport]], secret: str) -> None:
        self.watchers, self.secret = watchers, secret
        self.sub = self.channel = ""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A report is shown and answered at once."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
            return
        said = _decode(frame.get_payload_as_bytes())
        if said.type == "location.report" and self.sub:
            self._show(transport, said)
        elif said.type == "auth":
            self.sub = jwt.decode(said.token, self.secret, algorithms=["HS256"], options={"verify_aud": False})["sub"]
            self.channel = f"rider:{self.sub}"
            self._send(transport, {"type": "welcome", "re": said.id, "sub": self.sub})
        elif said.type == "subscribe":
            self.watchers.setdefault(said.channel, []).append(transport)
            self._send(transport, {"type": "subscribed", "re": said.id, "channel": said.channel})

    def _show(self, transport: WSTransport, said: Said) -> None:
        received_ms = int(time.time() * 1000)
        for point in said.points:
            position = Position(
                self.channel, self.sub, point.lat, point.lng, point.ts, received_ms, point.seq, point.accuracy,
                point.speed,
            )
            told = _encode(position)
            for watcher in self.watchers.get(self.channel, ()):
                watcher.send(WSMsgType.TEXT, told)
        transport.send(WSMsgType.TEXT, _encode(Ack(said.id, said.points[-1].seq)))

    def _send(self, transport: WSTransport, message: dict[str, object]) -> None:
        transport.send(WSMsgType.TEXT, _encode(message))


async def serve(port: int, secret: str) -> None:
    """Serve on a port of this machine until cancelled; a plain GET is answered with 200."""
    watchers: dict[str, list[WSTransport]] = {}

    def admit(request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
        if request.path == b"/ws":
            return Socket(watchers, secret)
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_ok_response(b"ok"), None)

    server = await ws_create_server(
        admit, "127.0.0.1", port, backlog=2048, read_buffer_init_size=READ_BUFFER_BYTES
    )
    async with server:
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvloop.run(serve(int(os.environ["PORT"]), os.environ["JWT_SECRET"]))
