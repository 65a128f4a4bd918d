"""Log items that belong to a transaction: written inside it, announced after its commit."""

from typing import Any, Protocol

Entry = tuple[str, dict[str, Any]]  # a channel, and the item its log gets
Announcement = tuple[str, int, dict[str, Any]]  # a channel, the item's offset in its log, the item


class Log(Protocol):
    """The channels' authoritative log: `live.store.ChannelLog`."""

    async def append(self, channel: str, item: dict[str, Any], session: Any = None) -> int:
        """Write the next item inside the caller's transaction; its offset."""


class Feed(Protocol):
    """Where committed log items are announced: `live.feed.LogFeed`."""

    async def announce(self, channel: str, offset: int, item: dict[str, Any]) -> None:
        """Deliver the item here and in the other processes."""


class Teller:
    """Writes items, then tells them."""

    def __init__(self, log: Log, feed: Feed) -> None:
        self.log, self.feed = log, feed

    async def write(self, entries: list[Entry], session: Any) -> list[Announcement]:
        """One after another: a session carries one command at a time."""
        return [(channel, await self.log.append(channel, item, session), item) for channel, item in entries]

    async def tell(self, written: list[Announcement]) -> None:
        """To everybody who watches, here and elsewhere."""
        for channel, offset, item in written:
            await self.feed.announce(channel, offset, item)
