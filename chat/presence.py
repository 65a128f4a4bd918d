"""Whether the members of rooms looked at here are online, told to those who look on.

`attendance` holds until when everybody counts as here. News of who came comes by the relay; who went, or whose process
died, is found when what we know of them runs out: then Redis is asked again, about those alone.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from chat import keys
from chat.attendance import Attendance, last_seen
from chat.room import Person, Room
from live.hub import Hub
from live.push import Push
from live.relay import Relay

LOOK_EVERY_S = 0.5


class Known(msgspec.Struct):
    """A member of rooms looked at here. `until_ms`: until when they count as here; None before that was read."""

    user: str
    leave: Callable[[], None]
    rooms: set[str] = msgspec.field(default_factory=set)
    until_ms: int | None = None
    was_online: bool = False

    def is_doubtful(self, now_ms: int) -> bool:
        """Whether Redis must be asked: nothing is known, or what was known has run out and may have been renewed."""
        return self.until_ms is None or (self.was_online and self.until_ms <= now_ms)


class RoomPresence:
    """`run` must be running for anybody to be seen going."""

    def __init__(self, hub: Hub, relay: Relay, attendance: Attendance, now_ms: Callable[[], int]) -> None:
        self._hub, self._relay, self._attendance, self._now_ms = hub, relay, attendance, now_ms
        self._people: dict[str, Known] = {}
        self._rooms: dict[str, tuple[int, set[str]]] = {}  # how many look on, whose presence they see
        self._rank = 0

    def open_room(self, room: Room) -> Callable[[], None]:
        """Somebody here looks at a room; returns what ends it."""
        count, people = self._rooms.get(room.id, (0, set()))
        self._rooms[room.id] = (count + 1, people)
        if not count:  # from then on whoever changes it says so
            self.changed(room)
        return lambda: self._leave(room.id)

    def changed(self, room: Room) -> None:
        """The room's members may be others now."""
        if room.id not in self._rooms:
            return
        count, before = self._rooms[room.id]
        now = {Person(each.user, each.role).key: each.user for each in room.members}
        for person in before - now.keys():
            self._forget(person, room.id)
        for person, user in now.items():
            known = self._people.get(person)
            if known is None:
                leave = self._relay.subscribe(keys.here_topic(person), partial(self._heard, person))
                known = self._people[person] = Known(user, leave)
            known.rooms.add(room.id)
        self._rooms[room.id] = (count, set(now))

    async def state(self, room: Room, viewer: str) -> dict[str, dict[str, Any]]:
        """The `presence` messages of the other members (`viewer`: `role:sub`) by user; of who never was here, none."""
        others = [person for person in self._rooms.get(room.id, (0, set()))[1] if person != viewer]
        await self._learn(person for person in others if person in self._people)
        told = {}
        for person in others:
            known = self._people.get(person)
            if known is not None:
                self._hub.seen(room.channel, f"presence:{known.user}", self._rank)
                if known.until_ms:
                    told[known.user] = self._message(known)
        return told

    async def run(self) -> None:
        """See people go, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._learn(list(self._people))

    async def _learn(self, people: Iterable[str]) -> None:
        now_ms = self._now_ms()
        asked = [person for person in people if self._people[person].is_doubtful(now_ms)]
        if not asked:
            return
        for person, until in zip(asked, await asyncio.gather(*map(self._attendance.until, asked)), strict=True):
            if until is not None:
                self._take(person, until)

    def _heard(self, person: str, payload: bytes) -> None:
        known = self._people.get(person)
        if known is None:
            return
        if known.until_ms is None or int(payload) > known.until_ms:
            self._take(person, int(payload))
        elif known.was_online:
            known.until_ms = int(payload)  # a device went; another one may still be here: asked when this runs out

    def _take(self, person: str, until_ms: int) -> None:
        known = self._people.get(person)
        if known is None:
            return
        known.until_ms = until_ms
        is_online = until_ms > self._now_ms()
        if is_online != known.was_online:
            known.was_online = is_online
            self._rank = max(self._rank + 1, self._now_ms())
            self._push(known)

    def _push(self, known: Known) -> None:
        push = Push(self._message(known))
        for room_id in known.rooms:
            self._hub.latest(f"room:{room_id}", f"presence:{known.user}", self._rank, push)

    def _message(self, known: Known) -> dict[str, Any]:
        until_ms, now_ms = known.until_ms or 0, self._now_ms()
        state = "online" if until_ms > now_ms else "offline"
        return {
            "type": "presence", "user": known.user, "state": state, "last_seen": min(now_ms, last_seen(until_ms))
        }

    def _leave(self, room_id: str) -> None:
        count, people = self._rooms[room_id]
        if count > 1:
            self._rooms[room_id] = (count - 1, people)
            return
        del self._rooms[room_id]
        for person in people:
            self._forget(person, room_id)

    def _forget(self, person: str, room_id: str) -> None:
        known = self._people.get(person)
        if known is None:
            return
        known.rooms.discard(room_id)
        if not known.rooms:
            del self._people[person]
            known.leave()
