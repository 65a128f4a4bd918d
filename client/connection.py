"""One socket, from `auth` to close: requests are answered by id, everything else is delivered as a push.

It never returns after a close; `client.reconnect` does that.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Origin, Subprotocol

from client.errors import ConnectionLost, RequestRefused, TooSlow
from client.inbox import Inbox
from client.wire import Encoding, Message, dumps, loads, redacted, socket_url

log = logging.getLogger("ridewire.client")
PING_EVERY_S, PONG_WITHIN_S = 25, 10


class Connection:
    """An authenticated socket. `welcome` is the server's greeting; `pushes` is the inbox unless `deliver` was given."""

    def __init__(
        self, socket: ClientConnection, encoding: Encoding, deliver: Callable[[Message], None] | None, debug: bool
    ) -> None:
        self.encoding, self.debug = encoding, debug
        self.pushes = Inbox(merge=False)
        self.welcome: Message = {}
        self.lost: ConnectionLost | None = None
        self._socket, self._deliver = socket, deliver or self.pushes.put
        self._waiting: dict[int, tuple[asyncio.Future[Message], Callable[[Message], None] | None]] = {}
        self._last_id = 0
        self._bye: Message = {}
        self._ended = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, token: str, client: str = "", encoding: Encoding = Encoding.JSON, origin: str | None = None,
        deliver: Callable[[Message], None] | None = None, timeout_s: float = 10, debug: bool = False,
    ) -> AsyncIterator["Connection"]:
        """Connect and authenticate; raises ConnectionLost or RequestRefused. `client` names this app install."""
        socket = await _dial(url, encoding, origin, timeout_s)
        self = cls(socket, encoding, deliver, debug)
        reader = asyncio.create_task(self._read(), name="ridewire reader")
        try:
            hello = {"type": "auth", "token": token} | ({"client": client} if client else {})
            self.welcome = await self.request(hello, timeout_s=timeout_s)
            yield self
        finally:
            await socket.close()
            await reader

    async def request(
        self, message: Message, *, timeout_s: float = 10, on_answer: Callable[[Message], None] | None = None
    ) -> Message:
        """Send and return the answer. `on_answer` gets it first, before any later push of the same frame is delivered.

        Raises RequestRefused for `error`, ConnectionLost when the socket ends first, TimeoutError.
        """
        self._last_id += 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[self._last_id] = answer, on_answer
        number = self._last_id
        try:
            async with asyncio.timeout(timeout_s):
                await self.send({**message, "id": number})
                return await answer
        finally:
            self._waiting.pop(number, None)

    async def send(self, *messages: Message) -> None:
        """Send messages that want no answer (or whose answer nobody awaits), as one frame."""
        if self.lost is not None:
            raise self.lost
        for message in messages if self.debug else ():
            log.info("→ %s", redacted(message))
        try:
            await self._socket.send(dumps(messages[0] if len(messages) == 1 else list(messages), self.encoding))
        except ConnectionClosed as error:
            raise self._why() from error

    def is_open(self) -> bool:
        """Whether the socket still stands, as far as we know."""
        return self.lost is None

    async def ended(self) -> ConnectionLost:
        """Wait for the end and say why."""
        await self._ended.wait()
        return self._why()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye and wait for the end."""
        await self._socket.close(code, reason)
        await self._ended.wait()

    def abort(self) -> None:
        """Cut the line as a dead network would: no close frame, nothing flushed."""
        self._socket.transport.abort()

    def _why(self) -> ConnectionLost:
        if self.lost is None:
            after = self._bye.get("after_ms")
            self.lost = ConnectionLost(
                self._socket.close_code or self._bye.get("code") or 1006,
                self._socket.close_reason or self._bye.get("reason", ""),
                retry=self._bye.get("retry", True), after_ms=(after[0], after[-1]) if after else None,
            )
        return self.lost

    async def _read(self) -> None:
        """Frames in, until the end; then nobody is left waiting."""
        try:
            async for frame in self._socket:
                for message in loads(frame, self.encoding):
                    self._take(message)
        except ConnectionClosed:
            pass
        except (msgspec.MsgspecError, TooSlow) as error:
            self.lost = ConnectionLost(1006, f"{type(error).__name__}: {error}")
            await self._socket.close(1000)
        finally:
            lost = self._why()
            for answer, _ in self._waiting.values():
                if not answer.done():
                    answer.set_exception(lost)
            self._ended.set()
            self.pushes.close(lost)

    def _take(self, message: Message) -> None:
        if self.debug:
            log.info("← %s", redacted(message))
        if message["type"] == "bye":
            self._bye = message
        if "re" not in message:
            self._deliver(message)
            return
        answer, on_answer = self._waiting.get(message["re"], (None, None))
        if answer is None or answer.done():
            return  # it came after its deadline; whoever asked has been told
        if message["type"] == "error":
            answer.set_exception(_refusal(message))
            return
        if on_answer is not None:
            on_answer(message)
        answer.set_result(message)


def _refusal(message: Message) -> RequestRefused:
    return RequestRefused(
        message["code"], message.get("message", ""), retry=bool(message.get("retry")), after_ms=message.get("after_ms"),
        field=message.get("field", ""),
    )


async def _dial(url: str, encoding: Encoding, origin: str | None, timeout_s: float) -> ClientConnection:
    """The opened socket; every way of not opening becomes ConnectionLost."""
    try:
        return await connect(
            socket_url(url), subprotocols=[Subprotocol(encoding.value)], compression=None, proxy=None, max_size=1 << 24,
            origin=Origin(origin) if origin else None, open_timeout=timeout_s, close_timeout=5,
            ping_interval=PING_EVERY_S, ping_timeout=PONG_WITHIN_S,
        )
    except InvalidStatus as error:
        raise ConnectionLost(0, "the upgrade was refused", status=error.response.status_code) from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise ConnectionLost(0, f"{url} does not answer: {error or type(error).__name__}") from error
