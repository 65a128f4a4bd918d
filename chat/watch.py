"""What rooms and people looked at in this process are told besides the log: receipts, typing, changed rooms, counts."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from chat import keys
from chat.marks import Marked
from chat.room import Person, Room
from chat.unread import Counts, Mark, unread
from live.hub import Hub
from live.push import Push
from live.relay import Relay


class Receipt(msgspec.Struct, array_like=True, tag="mark"):
    """A mark moved."""

    user: str
    delivered: int
    read: int


class Typing(msgspec.Struct, array_like=True, tag="typing"):
    """Somebody types, or no longer does."""

    user: str
    on: bool


class Tally(msgspec.Struct, array_like=True, gc=False):
    """What one person's unread count in a room is made of. Each part only rises, so tallies merge in any order."""

    room: str
    number: int
    quiet: int
    read: int
    own: int

    def with_(self, other: "Tally") -> "Tally":
        """The newer of each part."""
        return Tally(
            self.room, max(self.number, other.number), max(self.quiet, other.quiet), max(self.read, other.read),
            max(self.own, other.own),
        )

    @property
    def unread(self) -> int:
        """What is left to read."""
        return max(0, self.number - self.read - (self.quiet - self.own))


_encode = msgspec.msgpack.Encoder().encode
_told = msgspec.msgpack.Decoder(tuple[str, list[Receipt | Typing]]).decode
_tallies = msgspec.msgpack.Decoder(tuple[str, list[Tally]]).decode
Leave = Callable[[], None]


class ChatWatch:
    """Counts who looks on here, listens to the other processes for them, and pushes to the hub."""

    def __init__(self, hub: Hub, relay: Relay) -> None:
        self._hub, self._relay = hub, relay
        self._listening: dict[str, list[Any]] = {}  # relay topic: [how many, leave]
        self._seen: dict[str, dict[str, Tally]] = {}  # person: room: what the last count was made of
        self._rank = 0

    def open_room(self, room_id: str) -> Leave:
        """Somebody here looks at a room; returns what ends it."""
        return self._open(keys.room_topic(room_id), lambda payload: self._hear_room(room_id, payload))

    def open_person(self, sub: str) -> Leave:
        """One more socket of this person here; returns what ends it."""
        leave = self._open(keys.user_topic(sub), lambda payload: self._hear_person(sub, payload))

        def end() -> None:
            leave()
            if keys.user_topic(sub) not in self._listening:
                self._seen.pop(sub, None)

        return end

    def seen(self, room_id: str, marks: dict[str, Mark]) -> None:
        """A watcher was just shown these receipts: nothing older shall follow them."""
        for user, mark in marks.items():
            self._hub.seen(f"room:{room_id}", f"receipt:{user}", mark.order)

    def changed(self, room: Room, shown: dict[str, Any]) -> None:
        """A room is another than before, for those who look at it here."""
        self._hub.latest(room.channel, "room", room.version, Push({"type": "chat.room", "room": shown}))

    async def typing(self, room: Room, person: Person, on: bool) -> None:
        """Tell everybody in the room."""
        await self._tell_rooms({room.id: [Typing(person.sub, on)]})

    async def marked(self, marked: Sequence[Marked]) -> None:
        """Marks were stored: receipts to the rooms, counts to the readers."""
        rooms: dict[str, list[Receipt | Typing]] = {}
        people: dict[str, list[Tally]] = {}
        for each in marked:
            receipt = Receipt(each.person.sub, each.mark.delivered, each.mark.read)
            rooms.setdefault(each.room, []).append(receipt)
            people.setdefault(each.person.sub, []).append(tally(each.room, each.counts, each.mark, each.person.key))
        await self._tell_rooms(rooms)
        await self.count(people)

    async def count(self, people: dict[str, list[Tally]]) -> None:
        """Counts of these people may be others now."""
        origin = self._relay.origin
        for sub, tallies in people.items():
            self._take(sub, tallies)
        await self._relay.publish_many(
            [(keys.user_topic(sub), _encode((origin, tallies))) for sub, tallies in people.items()]
        )

    async def _tell_rooms(self, rooms: dict[str, list[Receipt | Typing]]) -> None:
        origin = self._relay.origin
        for room_id, told in rooms.items():
            self._push(room_id, told)
        await self._relay.publish_many(
            [(keys.room_topic(room_id), _encode((origin, told))) for room_id, told in rooms.items()]
        )

    def _hear_room(self, room_id: str, payload: bytes) -> None:
        origin, told = _told(payload)
        if origin != self._relay.origin:
            self._push(room_id, told)

    def _push(self, room_id: str, told: Sequence[Receipt | Typing]) -> None:
        channel = f"room:{room_id}"
        for each in told:
            if isinstance(each, Receipt):
                push = Push(receipt(each.user, each.delivered, each.read))
                self._hub.latest(channel, f"receipt:{each.user}", each.delivered + each.read, push)
            else:
                push = Push({"type": "chat.typing", "user": each.user, "on": each.on})
                self._hub.ephemeral(channel, f"typing:{each.user}", push)

    def _hear_person(self, sub: str, payload: bytes) -> None:
        origin, tallies = _tallies(payload)
        if origin != self._relay.origin:
            self._take(sub, tallies)

    def _take(self, sub: str, tallies: Sequence[Tally]) -> None:
        if keys.user_topic(sub) not in self._listening:
            return
        seen = self._seen.setdefault(sub, {})
        for each in tallies:
            before = seen.get(each.room)
            now = seen[each.room] = each if before is None else each.with_(before)
            if now != before:
                self._rank += 1
                told = {"type": "chat.unread", "room": now.room, "unread": now.unread, "number": now.number}
                self._hub.latest(f"user:{sub}", f"unread:{now.room}", self._rank, Push(told))

    def _open(self, topic: str, handler: Callable[[bytes], None]) -> Leave:
        at = self._listening.get(topic)
        if at is None:
            at = self._listening[topic] = [0, self._relay.subscribe(topic, handler)]
        at[0] += 1

        def leave() -> None:
            at[0] -= 1
            if not at[0]:
                del self._listening[topic]
                at[1]()

        return leave


def receipt(user: str, delivered: int, read: int) -> dict[str, Any]:
    """The `chat.receipt` message."""
    return {"type": "chat.receipt", "user": user, "delivered": delivered, "read": read}


def tally(room: str, counts: Counts, mark: Mark, person: str) -> Tally:
    """The parts of somebody's unread count. `person`: `role:sub`."""
    return Tally(room, counts.number, counts.quiet(person), mark.read, mark.own)


__all__ = ["ChatWatch", "Leave", "Tally", "receipt", "tally", "unread"]
