"""Rooms in MongoDB, one document each in `rooms`; and what was reported, frozen, in `chat_reports`."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from bson.max_key import MaxKey
from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from chat.album import Album
from chat.room import Person, Room
from chat.store import asked

Row = dict[str, Any]
BEFORE, AFTER = 20, 5  # log items frozen around a reported message


class RoomRegistry:
    """All methods raise Unstored when MongoDB cannot be asked."""

    def __init__(self, db: AsyncIOMotorDatabase[Row], album: Album) -> None:
        self.db, self.album = db, album

    async def ensure_indexes(self) -> None:
        """Make collections and indexes, harmless when they stand."""
        await self.db.rooms.create_index([("members.user", ASCENDING), ("updated_at", DESCENDING)])
        await self.db.rooms.create_index([("kind", ASCENDING), ("updated_at", DESCENDING)])
        await self.db.chat_reports.create_index([("message_id", ASCENDING)])

    async def room(self, room_id: str) -> Room | None:
        """The room, or None."""
        found = await asked(lambda: self.db.rooms.find_one({"_id": room_id}))
        return _room(found) if found else None

    async def insert_room(self, room: Room) -> bool:
        """Keep a new room; False when it was there."""
        try:
            await asked(lambda: self.db.rooms.insert_one(_document(room)))
        except DuplicateKeyError:
            return False
        return True

    async def replace_room(self, room: Room, version: int) -> bool:
        """Put the room in the place of this version; False when it is at another one by now."""
        swapped = await asked(
            lambda: self.db.rooms.replace_one({"_id": room.id, "version": version}, _document(room))
        )
        return bool(swapped.matched_count)

    async def versions(self, rooms: Sequence[str]) -> dict[str, int]:
        """The version each of these rooms is at."""

        async def ask() -> dict[str, int]:
            cursor = self.db.rooms.find({"_id": {"$in": list(rooms)}}, {"version": 1})
            return {row["_id"]: row["version"] async for row in cursor}

        return await asked(ask)

    async def drop_name(self, person: Person, rooms: Sequence[str]) -> None:
        """Somebody's name goes from all they said, and from these rooms' logs."""
        nameless = {"$set": {"sender_name": ""}}
        written = await asked(lambda: self.db.chat_messages.distinct("room", {"by": person.key}))
        await asked(lambda: self.db.chat_messages.update_many({"by": person.key}, nameless))
        for room in {*rooms, *written}:
            await asked(partial(self._drop_name_in, f"room:{room}", person))

    async def _drop_name_in(self, channel: str, person: Person) -> None:
        span = {"$gte": {"channel": channel, "offset": 0}, "$lt": {"channel": channel, "offset": MaxKey()}}
        theirs = {"_id": span, "item.sender": person.sub, "item.sender_role": person.role}
        await self.db.channel_logs.update_many(theirs, {"$set": {"item.sender_name": ""}})

    async def insert_report(self, message: Row, person: Person, reason: str, now: datetime) -> str:
        """Freeze what stands around a message; the report's id. The same person reports a message once."""
        channel, offset = f"room:{message['room']}", message["offset"]
        span = {
            "$gte": {"channel": channel, "offset": offset - BEFORE},
            "$lte": {"channel": channel, "offset": offset + AFTER},
        }

        context: list[Row] = []

        async def write() -> None:
            context[:] = [
                row["item"] | {"offset": row["_id"]["offset"]}
                async for row in self.db.channel_logs.find({"_id": span}).sort("_id", ASCENDING)
            ]
            for item in context:
                item.pop("inside", None)
                item.pop("own", None)
            await self.db.chat_reports.insert_one({
                "_id": report_id, "room": message["room"], "message_id": message["_id"], "by": person.sub,
                "by_role": person.role, "reason": reason, "at": now, "context": context,
            })

        digest = hashlib.blake2b(f"{message['_id']}\n{person.key}".encode(), digest_size=12).hexdigest()
        report_id = f"{round(now.timestamp() * 1000):011x}{digest}"
        said = await asked(lambda: self.db.chat_reports.find_one(
            {"message_id": message["_id"], "by": person.sub, "by_role": person.role}, {"_id": 1}
        ))
        if said is not None:
            return str(said["_id"])
        await asked(write)
        await self.album.hold([item["message_id"] for item in context])
        return report_id

    async def reports(self, after: str | None, limit: int) -> list[Row]:
        """Reports newest first, those before the id `after`."""
        query = {"_id": {"$lt": after}} if after else {}

        async def ask() -> list[Row]:
            return [row async for row in self.db.chat_reports.find(query).sort("_id", DESCENDING).limit(limit)]

        return await asked(ask)

    async def rooms_of(self, sub: str, role: str, *, staff: bool, limit: int) -> list[Room]:
        """The rooms somebody is in, last changed first; staff are in every support room."""
        member: Row = {"members": {"$elemMatch": {"user": sub, "role": role}}}
        query = {"$or": [member, {"kind": "support"}]} if staff else member

        async def ask() -> list[Room]:
            cursor = self.db.rooms.find(query).sort("updated_at", DESCENDING).limit(limit)
            return [_room(row) async for row in cursor]

        return await asked(ask)


def _document(room: Room) -> Row:
    document: Row = msgspec.to_builtins(room, builtin_types=(datetime,))
    document["_id"] = document.pop("id")
    return document


def _room(row: Row) -> Room:
    return msgspec.convert({"id": row["_id"]} | {name: of for name, of in row.items() if name != "_id"}, Room)
