"""Pushes that nobody has read yet. A newer latest value takes its elder's place, a log item is never dropped:
too many of those raise TooSlow, and the session comes back and recovers."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from client.errors import TooSlow
from client.wire import Message, merge_key

MAX_WAITING = 10_000


class Inbox:
    """First in, first out; `merge=False` keeps every push, latest values too. Iteration ends after `close`."""

    def __init__(self, *, merge: bool = True, max_waiting: int = MAX_WAITING) -> None:
        self.merge, self.max_waiting = merge, max_waiting
        self._waiting: OrderedDict[object, Message] = OrderedDict()
        self._count = 0
        self._arrived = asyncio.Event()
        self._closed = False
        self._error: BaseException | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, push: Message) -> None:
        """Keep a push until it is read; raises TooSlow past the bound."""
        key = merge_key(push) if self.merge else None
        if key is None:
            self._count += 1
        if key not in self._waiting and len(self._waiting) >= self.max_waiting:
            raise TooSlow(len(self._waiting))
        self._waiting[key or self._count] = push
        self._arrived.set()

    def close(self, error: BaseException | None = None) -> None:
        """No more will come: what waits can still be read, then reading raises `error` or ends."""
        self._closed, self._error = True, error
        self._arrived.set()

    async def get(self) -> Message:
        """The eldest push; raises StopAsyncIteration (or the closing error) when closed and empty."""
        while not self._waiting:
            if self._closed:
                raise self._error or StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popitem(last=False)[1]

    async def wait_for(self, wanted: Callable[[Message], bool], within_s: float = 10) -> Message:
        """Read until one push is wanted and return it, passing over the others; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while not wanted(push := await self.get()):
                pass
            return push

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> Message:
        return await self.get()
