"""picows on uvicorn's port: upgrade requests become connections, and each dirty socket is written once per loop turn.

uvicorn makes the class from `make_ws_class` for an upgrade, hands it the transport and the request, and then sets it as
the transport's protocol; because it is itself a picows protocol, frames then go from the transport to picows directly.
"""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from picows import WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener
from picows.picows import WSAutoPingStrategy, WSProtocol  # type: ignore[attr-defined]  # public in the package's source

from api.socket.codes import Close
from api.socket.complaints import Complaints
from api.socket.connection import Connection
from api.socket.handshake import Accepted, Turned, judge
from api.socket.peer import Patience, Peer
from api.socket.wheel import Wheel
from live.meters import Meters
from live.push import Encoding

LIMIT_BYTES = 64 * 1024
READ_BUFFER_BYTES = 2048  # to begin with, and for all the life of a socket that sends little: picows' least
RETRY_AFTER_S = 10

logger = structlog.get_logger("api.socket")

OpenPeer = Callable[[Connection, Encoding], Peer]


class Engine:
    """What all sockets of the process share. `open_peer` makes the session of a new connection.

    `allowed_origins` are compared exactly ("https://app.example"). Beyond `max_sockets`, and while `accepting` is off,
    upgrades are answered 503.
    """

    def __init__(
        self,
        open_peer: OpenPeer,
        *,
        allowed_origins: tuple[str, ...] = (),
        max_sockets: int = 20_000,
        path: str = "/ws",
        limit_bytes: int = LIMIT_BYTES,
        meters: Meters | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.open_peer = open_peer
        self.allowed_origins = frozenset(allowed_origins)
        self.max_sockets = max_sockets
        self.path = path
        self.limit_bytes = limit_bytes
        self.meters = meters or Meters()
        self.patience = patience or Patience()
        self.accepting = True
        self.connections: set[Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dirty: list[Connection] = []

    def start(self) -> None:
        """Bind to the running loop; the first connection does it by itself."""
        self._loop = asyncio.get_running_loop()
        self.time = self._loop.time
        self.wheel = Wheel(self._loop.call_at, self._loop.time)

    def judge(self, request: bytes) -> Accepted | Turned:
        """Whether an upgrade request becomes a socket."""
        verdict = judge(request, self.path, self.allowed_origins)
        if isinstance(verdict, Accepted) and not (self.accepting and len(self.connections) < self.max_sockets):
            return Turned(503, "no more sockets here for now")
        return verdict

    def connect(self, encoding: Encoding) -> Connection:
        """A new connection with its peer."""
        if self._loop is None or self._loop.is_closed():
            self.start()
        connection = Connection(self)
        connection.peer = self.open_peer(connection, encoding)
        self.connections.add(connection)
        self.meters.sockets_opened += 1
        return connection

    def gone(self, connection: Connection, code: int) -> None:
        """A connection ended."""
        self.connections.discard(connection)
        self.meters.closed(code)

    def mark(self, connection: Connection) -> None:
        """Write this connection at the end of the turn."""
        if not self._dirty and self._loop is not None:
            self._loop.call_soon(self._flush)
        self._dirty.append(connection)

    def now_ms(self) -> float:
        """Epoch milliseconds."""
        return time.time() * 1000.0

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        now_ms = self.now_ms()
        for connection in dirty:
            try:
                connection.flush(now_ms)
            except Exception:  # one socket's trouble must not keep the others from being written
                logger.exception("a socket could not be written")
                connection.fail(Close.SERVER_ERROR)


class SocketProtocol(WSProtocol):  # type: ignore[misc]  # picows has no types for it
    """A picows protocol that uvicorn can start."""

    engine: Engine
    __slots__ = ("_connection", "_running", "_under", "_verdict")

    def __init__(self, config: Any, server_state: Any, app_state: Any) -> None:
        self._running: set[Any] = server_state.connections
        self._connection: Connection | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Keep the transport; nothing is built before the request is judged."""
        self._under = transport

    def data_received(self, request: bytes) -> None:
        """The upgrade request, whole: judge it, then let picows answer it."""
        verdict = self.engine.judge(request)
        if isinstance(verdict, Turned):
            self.engine.meters.refused_upgrades += 1
            self._under.write(_refusal(verdict))
            self._under.close()
            return
        self._verdict = verdict
        self._connection = self.engine.connect(verdict.encoding)
        super().__init__(
            None, None, False, self._answer, Complaints(self._connection), True, None, False, 20, 20,
            WSAutoPingStrategy.PING_WHEN_IDLE, False, self.engine.limit_bytes, None, READ_BUFFER_BYTES,
        )
        super().connection_made(self._under)
        self._running.add(self)
        into = self.get_buffer(len(verdict.request))
        into[: len(verdict.request)] = verdict.request
        self.buffer_updated(len(verdict.request))

    def _answer(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        chosen = self._verdict.subprotocol
        del self._verdict
        headers = {"Sec-WebSocket-Protocol": chosen} if chosen else None
        response = WSUpgradeResponse.create_101_response(headers)
        return WSUpgradeResponseWithListener(response, self._connection)

    def shutdown(self) -> None:
        """uvicorn stops: it no longer accepts, and waits for these connections to end."""
        if self._connection is not None:
            self.engine.accepting = False
            self._connection.peer.retire()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone; a request that was turned away never became a picows protocol."""
        if self._connection is None:
            return
        self._running.discard(self)
        super().connection_lost(exc)
        if self._connection in self.engine.connections:  # the handshake failed: picows then tells the listener nothing
            self.engine.gone(self._connection, 1006)
            self._connection.peer.lost(1006)


def make_ws_class(engine: Engine) -> type[asyncio.Protocol]:
    """The class for uvicorn's `ws=`. Use with uvicorn's httptools protocol: the hand-over is its."""
    made: type[asyncio.Protocol] = type("SocketProtocol", (SocketProtocol,), {"engine": engine, "__slots__": ()})
    return made


def _refusal(turned: Turned) -> bytes:
    """An HTTP answer that closes; problem+json like REST's errors."""
    body = (
        f'{{"type":"about:blank","status":{turned.status},"title":"{HTTPStatus(turned.status).phrase}",'
        f'"detail":"{turned.text}"}}'
    ).encode()
    extra = {503: f"Retry-After: {RETRY_AFTER_S}\r\n", 426: "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n"}
    return (
        f"HTTP/1.1 {turned.status} {HTTPStatus(turned.status).phrase}\r\n{extra.get(turned.status, '')}"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body
