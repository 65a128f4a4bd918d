"""New log items to every watcher: in order, each once, without gaps, whoever wrote them and whatever was lost.

The log in the store is the truth; news of an item only says that it is there. An item that comes out of order waits
until those before it were read from the log. Every few seconds the heads of all watched channels are compared, which
finds what pub/sub lost and what a process wrote but died before it could say so.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from live import topics
from live.hub import Hub
from live.memory import FIRST_ITEMS, Recent, Watched
from live.own import voided
from live.push import Push
from live.recent import KEPT_ITEMS, RecentWindow, Window
from live.recent import News as Copy
from live.relay import Relay
from live.store import ChannelLog, Unreadable
from live.together import Together

CHECK_EVERY_S = 5.0
COMPARED_AT_ONCE = 100  # reading thousands of heads in one piece stopped every socket of the process for 0.1 s
FILLABLE_ITEMS = 1000
ENDS_AT_ONCE, DEEP_AT_ONCE = 50, 10  # channels whose last 50, or 300, items are read in one query
TRIES = 3

logger = structlog.get_logger("live.feed")


class News(msgspec.Struct, array_like=True):
    """What travels between processes about one new item."""

    origin: str
    offset: int
    item: dict[str, Any]


class LogFeed:
    """Brings log items of locally watched channels to the hub. `run` must be running for anything to be healed."""

    def __init__(
        self, hub: Hub, log: ChannelLog, relay: Relay, window: RecentWindow | None = None, *,
        check_every_s: float = CHECK_EVERY_S,
    ) -> None:
        self._hub = hub
        self._log = log
        self._relay = relay
        self._window = window
        self._ends = Together(lambda channels: log.ends(channels, FIRST_ITEMS), most=ENDS_AT_ONCE, one_by_one=True)
        self._deep_ends = Together(lambda channels: log.ends(channels, KEPT_ITEMS), most=DEEP_AT_ONCE, one_by_one=True)
        self.meters = relay.meters
        self._check_every_s = check_every_s
        self._watched: dict[str, Watched] = {}
        self._wanting: set[str] = set()
        self._wake = asyncio.Event()
        self._decode = msgspec.msgpack.Decoder(News).decode
        relay.on_continuity_lost.append(self.resync)

    async def announce(self, channel: str, offset: int, item: dict[str, Any]) -> None:
        """An item was committed: local watchers get it at once, other processes are told."""
        await self.announce_all([(channel, offset, item)])

    async def announce_all(self, items: Sequence[tuple[str, int, dict[str, Any]]]) -> None:
        """The same for all items of one commit, in one round trip."""
        news = [Copy(*each) for each in items]
        self.show(news)
        await self.spread(news)

    def show(self, news: Sequence[Copy]) -> None:
        """The first half of announcing: to the watchers in this process."""
        for each in news:
            self._hear(each.channel, each.offset, each.item)

    async def spread(self, news: Sequence[Copy]) -> None:
        """The second half: to the other processes, and into the window of newest items."""
        origin = self._relay.origin
        told = [
            (topics.log(each.channel), msgspec.msgpack.encode(News(origin, each.offset, each.item))) for each in news
        ]
        if self._window is None:
            await self._relay.publish_many(told)
            return
        known = [each if each.epoch else each._replace(epoch=self._epoch(each.channel)) for each in news]
        stale = {each.channel for each in news if voided(each.item)}
        if stale:
            await self._window.drop(sorted(stale))
        await asyncio.gather(self._relay.publish_many(told), self._window.append(known))

    def _epoch(self, channel: str) -> str:
        at = self._watched.get(channel)
        return at.epoch if at is not None else ""

    async def watch(self, channel: str) -> None:
        """Count one more local watcher; returns when every item after `recent` will reach the hub.

        Counted even when it raises Unreadable: pair each call with one `unwatch`.
        """
        at = self._watched.get(channel)
        if at is None:
            at = self._watched[channel] = Watched(
                self._relay.subscribe(topics.log(channel), lambda payload: self._on_news(channel, payload))
            )
        at.watchers += 1
        if at.opening is not None:
            async with at.opening:  # many come at once after a restart: one asks for all
                if at.last is None:
                    await self._relay.ready(topics.log(channel))
                    at.begin(await self._end_of(channel))
                    self._advance(channel, at)

    def recent(self, channel: str, after: int | None = None) -> Recent | None:
        """The items after an offset, or the newest, of a watched channel; None when memory does not reach so far."""
        at = self._watched.get(channel)
        return None if at is None else at.end(after)

    def newest(self, channel: str) -> dict[str, Any] | None:
        """The last item of a channel watched here; None when there is none at hand."""
        at = self._watched.get(channel)
        return at.recent[-1] if at is not None and at.recent else None

    async def further_back(self, channel: str, after: int) -> Recent | None:
        """The same as `recent`, from the copy in Redis: a process that has just begun remembers less."""
        at = self._watched.get(channel)
        if self._window is None or at is None or at.last is None or after > at.last:
            return None
        window = await self._window.read(channel)
        if window is None or (window.since > after + 1 and after >= window.last - KEPT_ITEMS):
            window = await self._deepened(channel)
        else:
            self.meters.reads["log from redis"] += 1
        if window is None or window.epoch != at.epoch or window.since > after + 1 or window.last < (at.last or 0):
            return None
        return Recent(at.epoch, window.last, [item for item in window.items if item["offset"] > after])

    async def _end_of(self, channel: str) -> Window:
        """The channel's newest items: from the copy in Redis, else from the log, which is then copied."""
        window = await self._window.read(channel, FIRST_ITEMS + 1) if self._window is not None else None
        if window is not None and (window.since <= 1 or window.last - window.since >= FIRST_ITEMS - 1):
            self.meters.reads["log from redis"] += 1
            return window
        self.meters.reads["log from mongodb"] += 1
        window = await self._ends.ask(channel)
        assert window is not None  # noqa: S101 - what is asked for begins
        if self._window is not None:
            await self._window.seed(channel, window)
        return window

    async def _deepened(self, channel: str) -> Window | None:
        """The copy in Redis held the newest few: from now on it holds all it may."""
        self.meters.reads["log from mongodb"] += 1
        window = await self._deep_ends.ask(channel)
        if window is not None and self._window is not None:
            await self._window.seed(channel, window)
        return window

    def unwatch(self, channel: str) -> None:
        """One local watcher less."""
        at = self._watched.get(channel)
        if at is None:
            return
        at.watchers -= 1
        if at.watchers <= 0:
            del self._watched[channel]
            at.leave()

    async def catch_up(self, channel: str) -> None:
        """Deliver now what the log holds of a watched channel; where it can't be read, `run` tries again."""
        await self._compare([channel])

    def resync(self) -> None:
        """Something may have been lost: compare every channel now."""
        self._wanting.update(self._watched)
        self._wake.set()

    async def run(self) -> None:
        """Fill gaps as they appear, and compare all heads every few seconds, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._check_every_s):
                    await self._wake.wait()
                wanting = list(self._wanting & self._watched.keys())
            except TimeoutError:
                wanting = list(self._watched)
            self._wake.clear()
            self._wanting = set()
            for start in range(0, len(wanting), COMPARED_AT_ONCE):
                await self._compare(wanting[start:start + COMPARED_AT_ONCE])

    def _on_news(self, channel: str, payload: bytes) -> None:
        news = self._decode(payload)
        if news.origin != self._relay.origin:
            self._hear(channel, news.offset, news.item)

    def _hear(self, channel: str, offset: int, item: dict[str, Any]) -> None:
        at = self._watched.get(channel)
        if at is None or (at.last is not None and offset <= at.last):
            return
        at.early[offset] = item
        if len(at.early) > FILLABLE_ITEMS:  # far behind: the log has them all
            at.early.clear()
        self._advance(channel, at)

    def _advance(self, channel: str, at: Watched) -> None:
        """Deliver what is contiguous; ask for a fill when something else waits."""
        if at.last is None:
            return
        while (item := at.early.pop(at.last + 1, None)) is not None:
            at.last += 1
            item = item | {"offset": at.last}
            at.remember(item)
            self._hub.log(channel, at.last, Push.item(item))
        if at.early:
            at.early = {offset: item for offset, item in at.early.items() if offset > at.last}
        if at.early:
            self._wanting.add(channel)
            self._wake.set()

    async def _compare(self, channels: Sequence[str]) -> None:
        try:
            heads = await self._log.heads(channels)
        except Unreadable as error:
            logger.warning("heads could not be compared", error=str(error))
            heads = {}
        for channel in channels:
            at = self._watched.get(channel)
            if at is not None and at.last is not None:
                known = max(at.early, default=0)
                await self._fill(channel, at, max(heads.get(channel, 0), known), heads.get(channel))

    async def _fill(self, channel: str, at: Watched, newest: int, head: int | None) -> None:
        assert at.last is not None  # noqa: S101 - the caller looked
        if head is not None and head < at.last and not at.early:
            self._give_up(channel, at, 1, head)  # the log began anew: nothing known is valid
            return
        if newest <= at.last:
            return
        if newest - at.last > FILLABLE_ITEMS:
            self._give_up(channel, at, at.last + 1, newest)
            return
        try:
            items = await self._log.read(channel, after=at.last, limit=FILLABLE_ITEMS)
        except Unreadable as error:
            at.failures += 1
            logger.warning("a gap could not be filled", channel=channel, error=str(error), tries=at.failures)
            if at.failures >= TRIES:
                self._give_up(channel, at, at.last + 1, newest)
            return
        at.failures = 0
        for item in items:
            at.early.setdefault(item.pop("offset"), item)
        self._advance(channel, at)

    def _give_up(self, channel: str, at: Watched, first: int, last: int) -> None:
        """Tell the watchers that continuity is lost and go on after it."""
        self.meters.gaps += 1
        at.failures = 0
        at.last = last
        at.since = last + 1
        at.recent = ()
        at.early = {offset: item for offset, item in at.early.items() if offset > last}
        self._hub.log(channel, last, Push({"type": "gap", "from": first, "to": last}))
        self._advance(channel, at)
