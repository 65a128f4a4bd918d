"""One client socket that costs little: picows, no task, every message handed to a function."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

from picows import WSFrame, WSListener, WSMsgType, WSParsedURL, WSTransport, ws_connect

from bench.dialects import Dialect, Heard

AT_ONCE = 64


class Link(WSListener):
    """Introduces itself when connected. `ready`: welcomed; `watching`: every subscription is answered."""

    def __init__(self, dialect: Dialect, token: str, hear: Callable[["Link", Heard], None]) -> None:
        self.dialect, self.token, self.hear = dialect, token, hear
        self.ready, self.watching, self.gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.asked: set[int] = set()
        self.transport: WSTransport | None = None
        self.close_code: int | None = None
        self.opened = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The socket is open."""
        self.transport, self.opened = transport, True
        if not self.dialect.server_first:
            self.send(self.dialect.hello(self.token))

    def send(self, payload: bytes) -> None:
        """One frame out; silently nothing after the end."""
        if self.transport is not None and not self.gone.is_set():
            self.transport.send(self.dialect.kind, payload)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame in: data is read, a close is remembered and ends the connection."""
        if frame.msg_type == WSMsgType.CLOSE:
            self.close_code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big")
            transport.disconnect()
            return
        if frame.msg_type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return
        for heard in self.dialect.read(frame.get_payload_as_bytes()):
            self._take(heard)

    def _take(self, heard: Heard) -> None:
        if heard.type == "welcome":
            self.ready.set()
        elif heard.type == "subscribed":
            self._joined(heard.re)
        elif heard.type == "open":
            self.send(self.dialect.hello(self.token))
        elif heard.type == "ping":
            self.send(b"3")
        else:
            self.hear(self, heard)

    def _joined(self, number: int) -> None:
        """One subscription is answered; what the server subscribes by itself has no number."""
        if number in self.asked:
            self.asked.remove(number)
            if not self.asked:
                self.watching.set()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone, by whoever's will."""
        self.gone.set()


SocketFactory = Callable[[WSParsedURL], Awaitable[socket.socket]]


async def connect(
    links: Iterable[Link], origin: str, within_s: float = 60, socket_factory: SocketFactory | None = None
) -> None:
    """Connect and introduce all of them, a few at a time; raises TimeoutError when one is not welcomed."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(link: Link) -> None:
        async with gate:
            offered = link.dialect.subprotocols
            await ws_connect(
                lambda: link, origin + link.dialect.path, read_buffer_init_size=2048,
                extra_headers={"Sec-WebSocket-Protocol": ", ".join(offered)} if offered else {},
                websocket_handshake_timeout=within_s, socket_factory=socket_factory,
            )
            await asyncio.wait_for(link.ready.wait(), within_s)

    await asyncio.gather(*(one(link) for link in links))


async def subscribe(links: Iterable[Link], channels_of: Callable[[Link], Sequence[str]], within_s: float = 60) -> None:
    """Subscribe each to its channels, a few at a time; raises TimeoutError when one is refused."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(link: Link) -> None:
        async with gate:
            wanted = list(enumerate(channels_of(link), start=2))
            link.asked.update(number for number, _ in wanted)
            for number, channel in wanted:
                link.send(link.dialect.subscribe(number, channel))
            await asyncio.wait_for(link.watching.wait(), within_s)

    await asyncio.gather(*(one(link) for link in links))
