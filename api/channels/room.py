"""`room:{id}`: what is said in a room, and who has read it, for its members."""

from functools import partial
from typing import Any

import msgspec

from api.errors import Refused
from api.orders.store import Unanswered
from api.rights import Actor
from api.rooms.entry import Entry, person_of
from api.rooms.shapes import view
from api.socket.channels import Admission
from chat.presence import RoomPresence
from chat.room import QUICK_REPLIES, Person
from chat.store import Unstored
from chat.watch import ChatWatch, receipt
from live.outbox import Outbox
from live.store import Unreadable


class RoomKind:
    """A log, and as state the room as its member sees it, everybody's receipts, and what is quickly said."""

    def __init__(self, entry: Entry, watch: ChatWatch, presence: RoomPresence) -> None:
        self._entry, self._watch, self._presence = entry, watch, presence

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """Members."""
        _, _, room_id = channel.partition(":")
        try:
            room = await self._entry.find(actor, room_id, "room.watch")
        except (Unstored, Unanswered):
            return Refused("unavailable", "Rooms cannot be read right now.", after_ms=2000)
        if isinstance(room, Refused):
            return msgspec.structs.replace(room, field="channel")
        ends = (self._watch.open_room(room.id), self._presence.open_room(room))

        def leave() -> None:
            for end in ends:
                end()

        state = partial(self._state, room.id, person_of(actor))
        return Admission(topics=(channel,), has_log=True, state=state, leave=leave)

    async def _state(self, room_id: str, person: Person) -> dict[str, Any]:
        """{room, receipts, presence, quick_replies}; see docs/chat.md."""
        desk = self._entry.desk
        try:
            room = await desk.rooms.get(room_id)  # one after the other: most of it is at hand, and a task costs more
            if room is None:
                return {}
            marks = await desk.marks.of(room_id)
            glance = await desk.glance(room, person, marks)
            presence = await self._presence.state(room, person.key)
        except Unstored as error:
            raise Unreadable(f"room {room_id} cannot be read: {error}") from error
        self._watch.seen(room_id, marks)
        return {
            "room": msgspec.to_builtins(view(glance, person.sub, person.role)),
            "receipts": {user: receipt(user, mark.delivered, mark.read) for user, mark in marks.items()},
            "presence": presence,
            "quick_replies": list(QUICK_REPLIES.get(person.role, ())),
        }
