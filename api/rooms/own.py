"""Everything of one person that conversations hold: handed out, or erased. Whoever manages accounts calls this."""

from typing import Any

import msgspec

from chat.attachments import shown
from chat.desk import ChatDesk
from chat.room import Person, Room
from chat.rooms import utc_now

PAGE, MOST_ROOMS, MOST_MESSAGES = 1000, 1000, 200_000
Row = dict[str, Any]


class Erased(msgspec.Struct, frozen=True):
    """How many messages lost their text, and how many waiting pictures are gone."""

    messages: int
    pictures: int = 0


class OwnWords:
    """Raises Unstored when MongoDB cannot be asked; calling again goes on where it stopped."""

    def __init__(self, desk: ChatDesk) -> None:
        self.desk = desk

    async def page(self, person: Person, after: Row | None, limit: int) -> list[Row]:
        """What somebody wrote and has not taken back, oldest first, as it is handed out; `after`: the row before."""
        rows = await self.desk.store.written_by(person.key, limit, after=after)
        return [
            {
                "message_id": row["_id"], "room": row["room"], "number": row["number"], "text": row["message"],
                "at": row["timestamp"], "attachments": row["attachments"],
            }
            for row in rows
        ]

    async def export(self, person: Person) -> Row:
        """All of it: {messages, pictures, rooms}; the pictures' bytes are fetched one by one."""
        messages: list[Row] = []
        after: Row | None = None
        while len(messages) < MOST_MESSAGES:
            page = await self.page(person, after, PAGE)
            messages += page
            if len(page) < PAGE:
                break
            after = await self.desk.store.message(page[-1]["message_id"])
        rooms = await self.desk.rooms.registry.rooms_of(person.sub, person.role, staff=False, limit=MOST_ROOMS)
        pictures = await self.desk.store.album.sent_by(person.key)
        return {
            "messages": messages, "pictures": [shown(row) | {"at": row["at"], "room": row["room"]} for row in pictures],
            "rooms": [{"id": room.id, "kind": room.kind, "created_at": room.created_at} for room in rooms],
        }

    async def erase(self, person: Person) -> Erased:
        """Their name goes from rooms and messages, their texts and pictures from everywhere; that something was said
        stays, so that others can follow what they answered. What was reported is kept for admins."""
        rooms = await self.desk.rooms.registry.rooms_of(person.sub, person.role, staff=False, limit=MOST_ROOMS)
        for room in rooms:
            await self.desk.rooms.change(room.id, lambda now: without_name(now, person))
        await self.desk.rooms.registry.drop_name(person, [room.id for room in rooms])
        messages = await self.desk.erase(person)
        return Erased(messages, await self.desk.store.album.drop_waiting(person.key))


def without_name(room: Room, person: Person) -> Room:
    """The room without this member's name."""
    members = tuple(
        msgspec.structs.replace(each, name="") if (each.user, each.role) == (person.sub, person.role) else each
        for each in room.members
    )
    return room if members == room.members else msgspec.structs.replace(room, members=members, updated_at=utc_now())
