"""Chat's parts for one process, brought together: who hears of what is said stands here."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from api.channels.room import RoomKind
from api.images.press import Press
from api.notices.said import said_of
from api.orders.order import Order
from api.orders.store import OrderStore
from api.rights import Actor
from api.rooms.entry import Entry, facts_of, person_of, step_of
from api.rooms.own import OwnWords
from api.rooms.shapes import shared_view
from api.socket.channels import ChannelKind
from api.supervisor import Supervisor
from chat.album import Album
from chat.attendance import Attendance
from chat.copies import MarkCopies
from chat.desk import ChatDesk
from chat.marks import Marks
from chat.messages import Stored
from chat.presence import RoomPresence
from chat.registry import RoomRegistry
from chat.room import Room
from chat.rooms import Rooms
from chat.store import ChatStore
from chat.watch import ChatWatch
from chat.writer import Writer
from infra.clients import Database
from infra.settings import Settings
from live.feed import LogFeed
from live.hub import Hub
from live.relay import Relay
from notifications.digest import Digests


class Hall:
    """`recheck` asks the rights of everybody on a channel again."""

    def __init__(
        self, settings: Settings, db: Database, redis: Any, relay: Relay, hub: Hub, feed: LogFeed, orders: OrderStore,
        recheck: Callable[[str], Awaitable[None]], now_ms: Callable[[], int],
    ) -> None:
        self._recheck = recheck
        self.album = Album(db)
        self.store = ChatStore(db, self.album, settings.chat_retention_s)
        self.registry = RoomRegistry(db, self.album)
        self.watch = ChatWatch(hub, relay)
        self.attendance = Attendance(redis, settings.key_prefix, relay, now_ms)
        self.presence = RoomPresence(hub, relay, self.attendance, now_ms)
        self.rooms = Rooms(self.registry, redis, settings.key_prefix, relay, self.changed)
        copies = MarkCopies(redis, settings.key_prefix, relay.origin)
        self.marks = Marks(self.store, copies, relay.meters, now_ms, self.watch.marked)
        self.digests = Digests(db)
        self.writer = Writer(self.store, feed, self._stored)
        self.desk = ChatDesk(self.store, self.rooms, self.writer, self.marks, self.watch, feed)
        self.entry = Entry(self.desk, orders)
        self.own = OwnWords(self.desk)
        self.press = Press()

    async def ensure_indexes(self) -> None:
        """Make what MongoDB must have before the first request."""
        await self.store.ensure_indexes()
        await self.registry.ensure_indexes()
        await self.album.ensure_indexes()

    def kinds(self) -> dict[str, ChannelKind]:
        """The kinds of channel that chat adds or knows more about."""
        return {"room": RoomKind(self.entry, self.watch, self.presence)}

    def keep(self, supervisor: Supervisor) -> None:
        """Start everything that runs in the background."""
        for name, work in (
            ("rooms", self.rooms.run), ("messages", self.writer.run), ("marks", self.marks.run),
            ("attendance", self.attendance.run), ("room presence", self.presence.run),
        ):
            supervisor.keep(name, work)

    def came(self, actor: Actor, connection: str) -> None:
        """Somebody's socket is authenticated; a guest is nobody."""
        if actor.role != "guest":
            self.attendance.came(person_of(actor).key, connection)

    def went(self, actor: Actor, connection: str) -> None:
        """Somebody's socket ended."""
        if actor.role != "guest":
            self.attendance.went(person_of(actor).key, connection)

    async def changed(self, room: Room) -> None:
        """A room's members or openness changed: who is no longer in leaves at once, the others are told."""
        self.watch.changed(room, shared_view(room))
        self.presence.changed(room)
        await self._recheck(room.channel)

    async def _stored(self, stored: Sequence[Stored]) -> None:
        """Something was said: counts are told, and whoever does not read it soon will be told too."""
        await self.desk.tell_counts(stored)
        rooms = {room: await self.rooms.get(room) for room in {each.room for each in stored}}
        await self.digests.note(said_of(stored, rooms))

    async def order_changed(self, order: Order) -> None:
        """An order was placed, stepped or assigned in this process."""
        await self.desk.order_changed(facts_of(order), step_of(order))
