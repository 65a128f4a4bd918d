"""Messages into the store: what waits is written together while nothing else is on its way, in the order it came.

One transaction is in flight per process, so one room's messages keep their order and many rooms share the cost of a
majority write. After the commit the watchers here see the items, the senders get their acks, and then the others hear.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog

from chat.messages import Change, Say, Stored
from chat.room import No
from chat.store import ChatStore, Unstored
from live.feed import LogFeed
from live.recent import News

MOST_WAITING, MOST_A_WRITE = 5000, 250
TOO_MUCH = No("unavailable", "Too many messages wait to be stored.", after_ms=2000)
NOT_STORED = No("unavailable", "The message could not be stored surely; send it again as it is.", after_ms=1000)

Outcome = Stored | No
After = Callable[[Sequence[Stored]], Awaitable[None]]
logger = structlog.get_logger(__name__)


class Writer:
    """`run` must be running for anything to be stored. `after` hears of new items, once the senders have their acks."""

    def __init__(self, store: ChatStore, feed: LogFeed, after: After) -> None:
        self._store, self._feed, self._after = store, feed, after
        self._waiting: deque[tuple[Say | Change, asyncio.Future[Outcome]]] = deque()
        self._awake, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._spreading: asyncio.Task[None] | None = None
        self.stored = self.duplicates = self.writes = 0

    def put(self, entry: Say | Change) -> asyncio.Future[Outcome]:
        """Store it; the future gets what became of it, never an exception."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if len(self._waiting) >= MOST_WAITING:
            future.set_result(TOO_MUCH)
            return future
        self._waiting.append((entry, future))
        self._idle.clear()
        self._awake.set()
        return future

    async def run(self) -> None:
        """Write for ever."""
        try:
            while True:
                await self._awake.wait()
                await self._write()
                if not self._waiting:
                    self._awake.clear()
                    self._idle.set()
        finally:
            if self._spreading is not None:
                self._spreading.cancel()
                await asyncio.wait({self._spreading})

    async def drain(self, within_s: float) -> bool:
        """Wait until all that waits is stored and told; False when the time was too short."""
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
                if self._spreading is not None:
                    await asyncio.wait({self._spreading})
        except TimeoutError:
            return False
        return True

    async def _write(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_A_WRITE))]
        if not batch:
            return
        try:
            outcomes = await self._store.write([entry for entry, _ in batch])
        except Unstored as error:
            logger.warning("messages could not be stored", messages=len(batch), error=str(error))
            outcomes = [NOT_STORED] * len(batch)
        except asyncio.CancelledError:
            self._settle(batch, [NOT_STORED] * len(batch))
            raise
        except Exception:  # a bug: nobody shall wait for ever for it
            logger.exception("messages made the writer fail", messages=len(batch))
            outcomes = [NOT_STORED] * len(batch)
        self.writes += 1
        fresh = [each for each in outcomes if isinstance(each, Stored) and not each.duplicate]
        self.stored += len(fresh)
        self.duplicates += sum(isinstance(each, Stored) and each.duplicate for each in outcomes)
        news = [News(f"room:{each.room}", each.offset, each.item, each.epoch) for each in fresh]
        self._feed.show(news)
        self._settle(batch, outcomes)
        if fresh:
            await self._spread(news, fresh)

    @staticmethod
    def _settle(batch: Sequence[tuple[Say | Change, asyncio.Future[Outcome]]], outcomes: Sequence[Outcome]) -> None:
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    async def _spread(self, news: Sequence[News], fresh: Sequence[Stored]) -> None:
        """Tell the others while the next write is on its way, but one after the other."""
        if self._spreading is not None:
            await asyncio.wait({self._spreading})
        self._spreading = asyncio.create_task(self._tell(news, fresh))

    async def _tell(self, news: Sequence[News], fresh: Sequence[Stored]) -> None:
        try:
            await self._feed.spread(news)
            await self._after(fresh)
        except Exception:
            logger.exception("stored messages could not be told to the other processes", messages=len(news))
