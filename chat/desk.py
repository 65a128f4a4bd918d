"""What people do in rooms: open them, say, change and report something, mark, type, block, mute; and what orders do.

Whether somebody may act in a room at all was asked before; here stands what the room's own state forbids.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog

from chat import text as texts
from chat.marks import Marks
from chat.messages import Change, Say, Stored, counts_of, message_id
from chat.pace import Paces
from chat.plan import Head
from chat.room import (
    SYSTEM,
    No,
    OrderFacts,
    Person,
    Room,
    apply_block,
    apply_mute,
    check_block,
    check_send,
    order_room,
)
from chat.rooms import Rooms, utc_now
from chat.store import ChatStore, Unstored
from chat.unread import Counts, Mark, clamp, unread
from chat.watch import ChatWatch, tally
from chat.writer import Outcome, Writer
from live.feed import LogFeed

STEP_WORDS = {
    "order_placed": "The order was placed.", "accepted": "The shop accepted the order.",
    "preparing": "The order is being prepared.", "ready": "The order is ready.",
    "picked_up": "The rider picked the order up.", "arriving": "The rider is almost there.",
    "delivered": "The order was delivered.", "cancelled": "The order was cancelled.",
    "assigned": "A rider was assigned.",
}
ERASED_AT_ONCE = 100
logger = structlog.get_logger(__name__)


class Glance(msgspec.Struct, frozen=True):
    """A room as one member finds it in a list."""

    room: Room
    number: int
    mark: Mark
    unread: int
    last: dict[str, Any] | None = None
    last_at: datetime | None = None


class ChatDesk:
    """All methods that read or write raise Unstored when MongoDB cannot be asked."""

    def __init__(
        self, store: ChatStore, rooms: Rooms, writer: Writer, marks: Marks, watch: ChatWatch, feed: LogFeed
    ) -> None:
        self.store, self.rooms, self.writer, self.marks, self.watch, self.feed = (
            store, rooms, writer, marks, watch, feed
        )
        self.paces = Paces()

    # Saying

    async def say(
        self, room: Room, person: Person, client_id: str, text: str, reply_to: str | None = None,
        attachments: tuple[str, ...] = (),
    ) -> asyncio.Future[Outcome] | Outcome:
        """Put a message on its way; its outcome, or what will be it. What was stored before is always acked again."""
        refused = self.paces.spend(person.key, asyncio.get_running_loop().time()) or check_send(room, person, utc_now())
        cleaned = texts.check(text, may_be_empty=bool(attachments))
        if isinstance(cleaned, No):
            refused = refused or cleaned
        if refused is not None:
            return await self.said_before(room.id, person, client_id) or refused
        assert isinstance(cleaned, str)  # noqa: S101 - a No was returned above
        return self.writer.put(Say(
            room=room.id, sender=person, client_id=client_id, text=cleaned, at=utc_now(), reply_to=reply_to,
            attachments=attachments,
        ))

    async def said_before(self, room_id: str, person: Person, client_id: str) -> Stored | None:
        """Where a message was stored; None when it was not."""
        return await self.store.stored(message_id(room_id, person, client_id))

    async def change(self, room: Room, person: Person, said: str, text: str | None) -> Outcome:
        """Another text for one's own message, or none any more."""
        cleaned = texts.check(text) if text is not None else None
        if isinstance(cleaned, No):
            return cleaned
        refused = check_send(room, person, utc_now()) if text is not None else None
        if refused is not None:
            return refused
        return await self.writer.put(
            Change(room=room.id, sender=person, message_id=said, text=cleaned, at=utc_now())
        )

    async def report(self, room: Room, person: Person, said: str, reason: str) -> str | No:
        """Keep a copy of a message and what stands around it, for an admin; the report's id."""
        row = await self.store.message(said)
        if row is None or row["room"] != room.id:
            return No("not_found", "There is no such message in this room.", "message_id")
        return await self.rooms.registry.insert_report(row, person, reason, utc_now())

    # Counting

    async def counts(self, room_id: str) -> Counts:
        """How many messages a room has: from memory where it is watched."""
        newest = self.feed.newest(f"room:{room_id}")
        if newest is not None:
            return counts_of(newest)
        return (await self.store.heads([room_id])).get(room_id, Head()).counts

    async def mark(self, room: Room, person: Person, delivered: int | None, read: int | None) -> None:
        """Move somebody's mark forward, soon."""
        counts = await self.counts(room.id)
        self.marks.move(room.id, person, *clamp(delivered, read, counts.number), counts)

    async def mark_now(self, room: Room, person: Person, delivered: int | None, read: int | None) -> Glance:
        """The same, and where the mark is once it is stored."""
        counts = (await self.store.heads([room.id])).get(room.id, Head()).counts
        mark = await self.marks.move_now(room.id, person, *clamp(delivered, read, counts.number), counts)
        return Glance(room, counts.number, mark, unread(counts, mark, person.key))

    async def glance(self, room: Room, person: Person, marks: dict[str, Mark] | None = None) -> Glance:
        """One room as this member finds it, from copies where there are any. `marks`: the room's, if known already."""
        counts = await self.counts(room.id)
        mark = (marks or await self.marks.of(room.id)).get(person.sub, Mark())
        return Glance(room, counts.number, mark, unread(counts, mark, person.key))

    async def list(self, person: Person, *, staff: bool, limit: int) -> list[Glance]:
        """The rooms somebody is in as MongoDB has them, the one that was last spoken in first."""
        rooms = await self.rooms.registry.rooms_of(person.sub, person.role, staff=staff, limit=limit)
        ids = [room.id for room in rooms]
        heads, marks = await self.store.heads(ids), await self.store.marks_of(person.sub, ids)
        last = await self.store.newest(heads)
        glances = []
        for room in rooms:
            head, mark = heads.get(room.id, Head()), marks.get(room.id, Mark())
            count = unread(head.counts, mark, person.key)
            glances.append(Glance(room, head.number, mark, count, last.get(room.id), head.at))
        return sorted(glances, key=lambda each: max(each.room.updated_at, each.last_at or each.room.updated_at))[::-1]

    async def tell_counts(self, stored: Sequence[Stored]) -> None:
        """New items: everybody in their rooms whose unread count they change hears of it."""
        newest = {each.room: counts_of(each.item) for each in stored}
        marks = await self.marks.of_many(list(newest))
        people: dict[str, list[Any]] = {}
        for room_id, counts in newest.items():
            room = await self.rooms.get(room_id)
            for member in room.members if room else ():
                if room is None or member.user in room.muted:
                    continue
                mark, key = marks[room_id].get(member.user, Mark()), Person(member.user, member.role).key
                people.setdefault(member.user, []).append(tally(room_id, counts, mark, key))
        await self.watch.count(people)

    # Rooms

    async def block(self, room: Room, person: Person, user: str, on: bool) -> No | None:
        """Hear no more from another member, or again."""
        refused = check_block(room, person, user)
        if refused is None:
            await self.rooms.change(room.id, lambda now: apply_block(now, person.sub, user, on, utc_now()))
        return refused

    async def mute(self, room: Room, person: Person, on: bool) -> None:
        """No counts of this room, or again."""
        await self.rooms.change(room.id, lambda now: apply_mute(now, person.sub, on, utc_now()))

    async def order_room(self, order: OrderFacts) -> Room:
        """The order's room as the order wants it now."""
        room, is_new = await self.rooms.open(order_room(order, None, utc_now()), is_news=order.rev == 1)
        if not is_new and room.order_rev < order.rev:
            room = await self.rooms.change(room.id, lambda now: order_room(order, now, utc_now())) or room
        return room

    async def order_changed(self, order: OrderFacts, step: str) -> None:
        """An order took a step: its room's members follow, and the room is told. Never fails the order."""
        try:
            room = await self.order_room(order)
            system = {"kind": "order", "status": order.status} | ({"rider": order.rider} if order.rider else {})
            self.writer.put(Say(
                room=room.id, sender=SYSTEM, client_id=f"rev{order.rev}", text=STEP_WORDS.get(step, step),
                at=order.updated_at, system=system,
            ))
        except Exception as error:  # the order is committed; its room is looked at again
            logger.warning("an order's room is behind", order=order.id, error=f"{type(error).__name__}: {error}")

    # One's own data

    async def erase(self, person: Person) -> int:
        """Take away the text of all that somebody wrote; how many messages that were."""
        count = 0
        while batch := await self.store.written_by(person.key, ERASED_AT_ONCE):
            puts = [
                self.writer.put(Change(
                    room=row["room"], sender=Person(person.sub, person.role), message_id=row["_id"], text=None,
                    at=utc_now(),
                ))
                for row in batch
            ]
            outcomes = await asyncio.gather(*puts)
            if any(isinstance(outcome, No) for outcome in outcomes):
                raise Unstored("not everything could be erased")
            count += len(batch)
        return count
