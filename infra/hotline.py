"""One connection to Redis for the hot path: a call is one write, one future and one parse in C.

redis-py's asyncio client spends 100 us of CPU on a round trip, this 40; a busy process makes hundreds a second. It has
no pool, no retry and no pub/sub: calls are answered in order, and whatever breaks the connection fails all that wait.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import hiredis
from redis.asyncio.connection import parse_url
from redis.exceptions import AuthenticationError, NoScriptError, ResponseError
from redis.exceptions import ConnectionError as RedisGone

Word = str | bytes | int | float


class Line(asyncio.Protocol):
    """The connection itself: replies go to the futures in the order of the calls."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(protocolError=RedisGone, replyError=_as_error)
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to be asked."""
        # uvloop's transports are no subclass of asyncio's, so this cannot be asked at run time.
        self._transport, self.is_open = cast(asyncio.Transport, transport), True

    def data_received(self, data: bytes) -> None:
        """Replies, whole or in part."""
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            future = self._waiting.popleft()
            if future.done():  # its caller gave up
                continue
            if isinstance(reply, Exception):
                future.set_exception(reply)
            else:
                future.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody knows what became of the calls under way."""
        self.is_open = False
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(RedisGone(f"Redis closed the connection: {exc or 'end of stream'}"))

    def call(self, *words: Word) -> asyncio.Future[Any]:
        """Send one command."""
        future = asyncio.get_running_loop().create_future()
        if self._transport is None or not self.is_open:
            future.set_exception(RedisGone("the connection to Redis is closed"))
            return future
        self._waiting.append(future)
        self._transport.write(hiredis.pack_command(words))  # type: ignore[arg-type]  # its stub wants one type
        return future

    def abort(self) -> None:
        """Give the connection up with all that waits on it."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()


class HotLine:
    """A line that is opened when it is needed. Raises redis-py's exceptions, so callers handle one family."""

    def __init__(self, url: str, *, timeout_s: float = 2.0) -> None:
        self._options = parse_url(url)
        self._url_is_tls = url.startswith("rediss://")
        self._timeout_s = timeout_s
        self._line: Line | None = None
        self._opening = asyncio.Lock()

    async def evalsha(self, sha: str, numkeys: int, *keys_and_args: Word) -> Any:
        """Run a script Redis knows; NoScriptError when it does not."""
        return await self._call("EVALSHA", sha, numkeys, *keys_and_args)

    async def eval(self, source: str, numkeys: int, *keys_and_args: Word) -> Any:
        """Run a script by its source."""
        return await self._call("EVAL", source, numkeys, *keys_and_args)

    async def aclose(self) -> None:
        """Let go; a later call would open it again."""
        if self._line is not None:
            self._line.abort()
            self._line = None

    async def _call(self, *words: Word) -> Any:
        line = self._line
        if line is None or not line.is_open:
            line = await self._open()
        try:
            return await line.call(*words)
        except asyncio.CancelledError:
            # The caller's time was up. What it asked may still happen, and whoever is next should not wait behind it.
            line.abort()
            raise

    async def _open(self) -> Line:
        async with self._opening:
            if self._line is not None and self._line.is_open:
                return self._line
            try:
                async with asyncio.timeout(self._timeout_s):
                    self._line = await self._connect()
            except (OSError, TimeoutError) as error:
                raise RedisGone(f"Redis took no connection: {type(error).__name__}: {error}") from error
            return self._line

    async def _connect(self) -> Line:
        loop, options = asyncio.get_running_loop(), self._options
        if path := options.get("path"):
            _, line = await loop.create_unix_connection(Line, path)
        else:
            tls = ssl.create_default_context() if self._url_is_tls else None
            _, line = await loop.create_connection(
                Line, options.get("host", "localhost"), options.get("port", 6379), ssl=tls
            )
        try:
            if password := options.get("password"):
                name = [options["username"]] if options.get("username") else []
                await line.call("AUTH", *name, password)
            if database := options.get("db"):
                await line.call("SELECT", database)
        except BaseException:
            line.abort()
            raise
        return line


@asynccontextmanager
async def open_hotline(url: str, *, timeout_s: float = 2.0) -> AsyncIterator[HotLine]:
    """The line for one process's hot path; opened at the first call, again after a loss."""
    line = HotLine(url, timeout_s=timeout_s)
    try:
        yield line
    finally:
        await line.aclose()


def _as_error(text: str) -> Exception:
    """Redis' error reply as redis-py would raise it."""
    kind, _, rest = text.partition(" ")
    if kind == "NOSCRIPT":
        return NoScriptError(rest)
    if kind in ("NOAUTH", "WRONGPASS"):
        return AuthenticationError(text)
    return ResponseError(text)
