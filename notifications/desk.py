"""Telling people, and hearing from them what arrived and what was read. Each change is committed, then told live.

Events tell inside their consumer's transaction (`tell_within`), whose commit makes the news and the mark that the event
was dealt with one thing; everybody else tells with `tell`.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from live.feed import LogFeed
from live.together import Together
from notifications.copies import TallyCopies
from notifications.inbox import RiderInbox
from notifications.notice import AckState, Notice, log_item
from notifications.store import NotificationStore, Row, Session, Tally, Told
from notifications.watch import NoticeWatch

MOST_ACKED = 200


class NoticeDesk:
    """All methods raise what the driver raises when MongoDB cannot be asked."""

    def __init__(
        self, store: NotificationStore, copies: TallyCopies, inbox: RiderInbox, watch: NoticeWatch, feed: LogFeed
    ) -> None:
        self.store, self.copies, self.inbox, self.watch, self.feed = store, copies, inbox, watch, feed
        self._tallies = Together(self._tallies_of, one_by_one=True)

    async def tally(self, user: str) -> Tally:
        """How much a person has not read, from a copy where there is one: many ask at once when a process begins."""
        return await self._tallies.ask(user) or Tally()

    async def _tallies_of(self, users: Sequence[str]) -> dict[str, Tally]:
        known = await self.copies.read(users)
        if unknown := [user for user in users if user not in known]:
            found = await self.store.tallies(unknown)
            fresh = {user: found.get(user, Tally()) for user in unknown}
            await self.copies.fill(fresh)
            known |= fresh
        return known

    async def tell(self, notices: Sequence[Notice]) -> list[Told]:
        """Tell people, each notice once however often it is told."""
        if not notices:
            return []
        told = await self.store.in_transaction(lambda session: self.store.tell(notices, session))
        await self.announce(told)
        return told

    async def tell_within(self, notices: Sequence[Notice], session: Session) -> Callable[[], Awaitable[None]]:
        """The same in the caller's transaction; what it returns is to be called after the commit."""
        told = await self.store.tell(notices, session) if notices else []
        return lambda: self.announce(told)

    async def announce(self, told: Sequence[Told]) -> None:
        """After the commit: to the person's devices, live. Whoever is not told finds it in the log."""
        for each in told:
            notice = each.notice
            await self.copies.finish(notice.user, each.tally)
            if each.offset is None:
                continue
            item = log_item(notice)
            if notice.role == "rider":
                await self.inbox.put(notice.user, item | {"offset": each.offset})
            await self.feed.announce(notice.channel, each.offset, item)
            await self.watch.changed(notice.user, each.tally)

    async def acknowledge(self, user: str, role: str, ids: Sequence[str], state: AckState) -> None:
        """A device says that these arrived, were seen, read or dismissed. Others' ids change nothing."""

        async def write(session: Session) -> tuple[int, Tally]:
            return await self.store.acknowledge(user, ids, state, session)

        changed, tally = await self.store.in_transaction(write)
        if state in ("read", "dismissed") and role == "rider":
            await self.inbox.take_out(user, ids)
        if changed:
            await self.copies.finish(user, tally)
            await self.watch.changed(user, tally, ids)

    async def read_all(self, user: str, role: str) -> Tally:
        """All a person has is read."""
        while ids := await self.store.unread_ids(user, MOST_ACKED):
            await self.acknowledge(user, role, ids, "read")
        return await self.store.tally(user)

    async def list(
        self, user: str, role: str, before: tuple[datetime, str] | None, limit: int, *, unread: bool
    ) -> list[Row]:
        """A page of a person's notifications, newest first. A rider's are those of the inbox: unread, of seven days."""
        waiting = await self.inbox.read(user, time.time_ns() // 1_000_000) if role == "rider" else None
        if waiting is None:
            rows = await self.store.page(user, before, limit, unread=unread or role == "rider")
            return [as_listed(row) for row in rows]
        if before is not None:
            last = (round(before[0].timestamp() * 1000), before[1])
            waiting = [entry for entry in waiting if (entry["ts"], entry["notification_id"]) < last]
        return [_without_type(entry) | {"unread": True} for entry in waiting[:limit]]


def as_listed(row: Row) -> dict[str, Any]:
    """A notification as a list shows it: its message, and what became of it."""
    item: dict[str, Any] = {
        "notification_id": row["_id"], "kind": row["kind"], "title": row["title"], "body": row["body"],
        "data": row["data"], "priority": row["priority"], "ts": row["created_ms"], "expires": row["expires_ms"],
        "offset": row["offset"], "unread": row["unread"],
    }
    return item | ({"collapse": row["collapse"]} if row["collapse"] else {})


def _without_type(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: of for name, of in entry.items() if name != "type"}
