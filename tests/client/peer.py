"""The other end of a client under test: a real WebSocket server whose every move the test makes itself."""

import asyncio
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from client.reconnect import Ridewire
from client.wire import Encoding, Message, dumps, loads

WITHIN_S = 5


class Line:
    """One accepted socket: `hears` what the client says, `says` what the test wants said."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.encoding = Encoding(socket.subprotocol)
        self.last: Message = {}
        self._heard: list[Message] = []

    async def hears(self, kind: str) -> Message:
        """The client's next message, which must be of this kind; answers then name its id."""
        if not self._heard:
            async with asyncio.timeout(WITHIN_S):
                self._heard += loads(await self.socket.recv(), self.encoding)
        self.last = self._heard.pop(0)
        assert kind == self.last["type"], f"waited for {kind}, heard {self.last}"
        return self.last

    async def says(self, *messages: Message) -> None:
        """One frame."""
        await self.socket.send(dumps(list(messages), self.encoding))

    async def answers(self, kind: str, **fields: object) -> None:
        """An answer to what was heard last."""
        await self.says({"type": kind, "re": self.last["id"], **fields})

    async def welcomes(self, **fields: object) -> Message:
        """Hears `auth` and greets; returns what `auth` said."""
        heard = await self.hears("auth")
        greeting: Message = {"sub": "r1", "role": "rider", "token_ttl": 900}
        await self.answers("welcome", **greeting | fields)
        return heard

    async def joins(self, epoch: str, offset: int, items: list[int], recovered: bool = False) -> Message:
        """Hears `subscribe` and answers with items of these offsets; returns what `subscribe` said."""
        heard = await self.hears("subscribe")
        await self.answers(
            "subscribed", channel=heard["channel"], epoch=epoch, offset=offset, recovered=recovered, state={},
            items=[order_item(each) for each in items],
        )
        return heard

    async def closes(self, code: int, reason: str = "") -> None:
        """A close with this code."""
        await self.socket.close(code, reason)


class Peer:
    """Listens at `url` and hands out each accepted socket in turn."""

    def __init__(self) -> None:
        self.url = ""
        self._lines: asyncio.Queue[Line] = asyncio.Queue()
        self._over = asyncio.Event()

    async def accepts(self) -> Line:
        """The next client."""
        async with asyncio.timeout(WITHIN_S):
            return await self._lines.get()

    async def greets(self) -> Line:
        """The next client, welcomed."""
        line = await self.accepts()
        await line.welcomes()
        return line

    async def _hold(self, socket: ServerConnection) -> None:
        self._lines.put_nowait(Line(socket))
        await self._over.wait()


@asynccontextmanager
async def listening() -> AsyncIterator[Peer]:
    """A peer on a free port."""
    peer = Peer()
    offered = [Subprotocol(each.value) for each in Encoding]
    async with serve(peer._hold, "127.0.0.1", 0, subprotocols=offered, compression=None, close_timeout=1) as server:
        peer.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield peer
        finally:
            peer._over.set()


@asynccontextmanager
async def entered(peer: Peer, **options: Any) -> AsyncIterator[tuple[Ridewire, Line]]:
    """A session that comes back at once, and the peer's side of its first socket."""
    session = Ridewire(peer.url, token="t", chance=lambda: 0.0, **options)
    opening = asyncio.create_task(session.__aenter__())
    line = await peer.greets()
    await opening
    try:
        yield session, line
    finally:
        await session.close()


def order_item(offset: int) -> Message:
    """A log item as `order:o1` carries it."""
    return {"type": "order", "order": "o1", "offset": offset, "status": "accepted"}


def example(module: ModuleType) -> str:
    """The indented program in a module's docstring."""
    return textwrap.dedent((module.__doc__ or "").split("::\n", 1)[1])
