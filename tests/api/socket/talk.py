"""A client that says exactly what a test wants, in either encoding, and waits for what it names."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.waiting import SCALE

Message = dict[str, Any]


class Talk:
    """One open socket. `seen` holds every message that came, in order."""

    def __init__(self, socket: ClientConnection, encoding: str) -> None:
        self.socket = socket
        self._codec = msgspec.msgpack if encoding == "msgpack" else msgspec.json
        self._is_text = encoding == "json"
        self._unread: deque[Message] = deque()
        self.seen: list[Message] = []
        self._id = 0

    async def say(self, *messages: Message) -> None:
        """Send one message, or several as an array."""
        data = self._codec.encode(messages[0] if len(messages) == 1 else list(messages))
        await self.socket.send(data.decode() if self._is_text else data)

    async def ask(self, type: str, **fields: Any) -> Message:
        """Send a request with the next id and return its answer."""
        self._id += 1
        await self.say({"type": type, "id": self._id} | fields)
        return await self.answer(self._id)

    async def answer(self, re: int) -> Message:
        """The answer to request `re`; what came before it stays readable by `next`."""
        return await self._pick(lambda message: message.get("re") == re)

    async def next(self, type: str) -> Message:
        """The next message of this type."""
        return await self._pick(lambda message: message["type"] == type)

    async def closed(self) -> tuple[int | None, str]:
        """Read to the end; the close code and reason."""
        try:
            while True:
                await self._read()
        except ConnectionClosed:
            return self.socket.close_code, self.socket.close_reason or ""

    async def _pick(self, wanted: Any) -> Message:
        for message in self._unread:
            if wanted(message):
                self._unread.remove(message)
                return message
        while True:
            for message in await self._read():
                if wanted(message):
                    self._unread.remove(message)
                    return message

    async def _read(self) -> list[Message]:
        frame = await asyncio.wait_for(self.socket.recv(), 10 * SCALE)
        data = frame.encode() if isinstance(frame, str) else frame
        decoded = self._codec.decode(data)
        messages: list[Message] = decoded if isinstance(decoded, list) else [decoded]
        self._unread.extend(messages)
        self.seen.extend(messages)
        return messages


@asynccontextmanager
async def talking(url: str, encoding: str = "json", **options: Any) -> AsyncIterator[Talk]:
    """Open a socket with the encoding's subprotocol."""
    chosen = Subprotocol(f"ridewire.v1.{encoding}")
    async with connect(url, subprotocols=[chosen], compression=None, **options) as socket:
        yield Talk(socket, encoding)
