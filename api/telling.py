"""Log items that belong to a transaction: written inside it, announced after its commit."""

from collections.abc import Sequence
from typing import Any, Protocol

Entry = tuple[str, dict[str, Any]]  # a channel, and the item its log gets
Announcement = tuple[str, int, dict[str, Any]]  # a channel, the item's offset in its log, the item


class Log(Protocol):
    """The channels' authoritative log: `live.store.ChannelLog`."""

    async def append_all(self, items: Sequence[Entry], session: Any) -> list[int]:
        """Write the next items inside the caller's transaction; their offsets."""


class Feed(Protocol):
    """Where committed log items are announced: `live.feed.LogFeed`."""

    async def announce_all(self, items: Sequence[Announcement]) -> None:
        """Deliver the items here and in the other processes."""


class Teller:
    """Writes items, then tells them."""

    def __init__(self, log: Log, feed: Feed) -> None:
        self.log, self.feed = log, feed

    async def write(self, entries: list[Entry], session: Any) -> list[Announcement]:
        """Inside the transaction; to be told after it."""
        return await write_items(self.log, entries, session)

    async def tell(self, written: list[Announcement]) -> None:
        """To everybody who watches, here and elsewhere."""
        await self.feed.announce_all(written)


async def write_items(log: Log, entries: Sequence[Entry], session: Any) -> list[Announcement]:
    """Write log items inside the transaction; to be announced after it."""
    offsets = await log.append_all(entries, session)
    return [(channel, offset, item) for (channel, item), offset in zip(entries, offsets, strict=True)]
