"""The parts of notifications for one process, brought together."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from api.channels.user import UserKind
from api.notices.ways import Ways
from api.socket.channels import ChannelKind
from infra.clients import Database
from live.feed import LogFeed
from live.hub import Hub
from live.outbox import Outbox
from live.push import Push
from live.relay import Relay
from live.store import ChannelLog, Unreadable
from notifications.book import Book
from notifications.copies import TallyCopies
from notifications.desk import NoticeDesk
from notifications.digest import Digests
from notifications.hooks.store import HookStore
from notifications.inbox import RiderInbox
from notifications.store import NotificationStore, Unanswered
from notifications.watch import SUBJECT, NoticeWatch, told

if TYPE_CHECKING:  # workers use this file too, and start sooner without a web framework
    from litestar.datastructures import State as AppState

OpenPerson = Callable[[str], Callable[[], None]]


def desk_of(
    db: Database, redis: Any, prefix: str, log: ChannelLog, feed: LogFeed, watch: NoticeWatch
) -> NoticeDesk:
    """A desk over these clients."""
    copies = TallyCopies(redis, prefix)
    store = NotificationStore(db, log, before_commit=copies.begin)
    return NoticeDesk(store, copies, RiderInbox(redis, prefix), watch, feed)


class Board:
    """What a serving process needs: the desk, and what `user:{sub}` tells besides its log."""

    def __init__(
        self, db: Database, redis: Any, prefix: str, relay: Relay, hub: Hub, log: ChannelLog, feed: LogFeed
    ) -> None:
        self.watch = NoticeWatch(hub, relay)
        self.desk = desk_of(db, redis, prefix, log, feed, self.watch)
        self.book, self.hooks, self.digests = Book(db), HookStore(db), Digests(db)

    async def ensure_indexes(self) -> None:
        """Make what MongoDB must have before the first request."""
        for store in (self.desk.store, self.book, self.hooks, self.digests):
            await store.ensure_indexes()

    def kinds(self, *open_person: OpenPerson) -> dict[str, ChannelKind]:
        """The kind of a person's own channel. `open_person`: what other features tell people there."""
        return {"user": UserKind([self.watch.open_person, *open_person], self._state)}

    def publish(self, state: "AppState", ways: Ways) -> None:
        """What handlers take from the application's state."""
        state.notices, state.book, state.hooks = self.desk, self.book, self.hooks
        state.egress, state.push_key = ways.egress, ways.push_key

    async def _state(self, sub: str, outbox: Outbox) -> dict[str, Any]:
        """How much is unread, as state and as a first push, so that a page needs to know one way only."""
        try:
            tally = await self.desk.tally(sub)
        except Unanswered as error:
            raise Unreadable(f"the notifications of {sub} cannot be counted: {error}") from error
        self.watch.seen(sub, tally)
        outbox.latest(f"user:{sub}", SUBJECT, Push(told(tally)))
        return {SUBJECT: told(tally)}
