"""Attachments in MongoDB: `chat_attachments` says what they are, `chat_pictures` ({_id: {of, size}}) holds their bytes.

Both go by themselves when their `expires_at` comes: a day after they were sent up, unless a message claimed them, in
the transaction that stores it. A deleted message takes its pictures along; what was reported is held for admins.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import ASCENDING

from chat.attachments import SIZES, WAITS_FOR
from chat.store import asked

Row = dict[str, Any]
Session = AsyncIOMotorClientSession


class Album:
    """Methods without a session raise Unstored when MongoDB cannot be asked."""

    def __init__(self, db: AsyncIOMotorDatabase[Row]) -> None:
        self.db = db

    async def ensure_indexes(self) -> None:
        """Make collections and indexes, harmless when they stand."""
        await self.db.chat_attachments.create_index([("owner", ASCENDING), ("message", ASCENDING)])
        await self.db.chat_attachments.create_index("message", sparse=True)
        for each in (self.db.chat_attachments, self.db.chat_pictures):
            await each.create_index("expires_at", expireAfterSeconds=0)

    async def insert(self, row: Row, pictures: Mapping[str, bytes], now: datetime) -> None:
        """Keep a new attachment, which waits for its message."""
        expires_at = now + WAITS_FOR
        documents = [
            {"_id": {"of": row["_id"], "size": size}, "data": data, "expires_at": expires_at}
            for size, data in pictures.items()
        ]
        whole = row | {"at": now, "room": None, "message": None, "expires_at": expires_at}
        await asked(lambda: self.db.chat_pictures.insert_many(documents))
        await asked(lambda: self.db.chat_attachments.insert_one(whole))

    async def waiting(self, owner: str) -> int:
        """How many of somebody's (`role:sub`) attachments wait for a message."""
        return await asked(lambda: self.db.chat_attachments.count_documents({"owner": owner, "message": None}))

    async def find(self, attachment: str) -> Row | None:
        """What is known of an attachment."""
        return await asked(lambda: self.db.chat_attachments.find_one({"_id": attachment}))

    async def picture(self, attachment: str, size: str) -> bytes | None:
        """Its bytes in one size."""
        row = await asked(lambda: self.db.chat_pictures.find_one({"_id": {"of": attachment, "size": size}}))
        return bytes(row["data"]) if row else None

    async def hold(self, messages: Sequence[str]) -> None:
        """Keep the pictures of these messages for admins, whatever becomes of the messages."""
        await asked(lambda: self.db.chat_attachments.update_many(
            {"message": {"$in": list(messages)}}, {"$set": {"held": True}}
        ))

    async def sent_by(self, owner: str) -> list[Row]:
        """All that somebody (`role:sub`) sent up and that still stands, oldest first."""
        cursor = self.db.chat_attachments.find({"owner": owner}).sort("at", ASCENDING)
        return await asked(lambda: cursor.to_list(10_000))

    async def drop_waiting(self, owner: str) -> int:
        """Take away what somebody sent up and never sent; how many those were."""
        rows = await asked(lambda: self.db.chat_attachments.find({"owner": owner, "message": None}).to_list(1000))
        gone = [row["_id"] for row in rows]
        keys = [{"of": of, "size": size} for of in gone for size in SIZES]
        await asked(lambda: self.db.chat_pictures.delete_many({"_id": {"$in": keys}}))
        await asked(lambda: self.db.chat_attachments.delete_many({"_id": {"$in": gone}, "message": None}))
        return len(gone)

    # Within the transaction that stores messages

    async def rows(self, ids: Sequence[str], session: Session) -> dict[str, Row]:
        """What is known of these attachments."""
        cursor = self.db.chat_attachments.find({"_id": {"$in": list(ids)}}, session=session)
        return {row["_id"]: row async for row in cursor}

    async def give(self, claims: Sequence[Row], session: Session) -> None:
        """Attachments belong to messages now: [{ids, message, room, expires_at?}]."""
        for each in claims:
            ids, expires_at = each["ids"], each.get("expires_at")
            life: Row = {"$set": {"expires_at": expires_at}} if expires_at else {"$unset": {"expires_at": ""}}
            fields = {"message": each["message"], "room": each["room"]} | life.get("$set", {})
            await self.db.chat_attachments.update_many({"_id": {"$in": ids}}, life | {"$set": fields}, session=session)
            keys = [{"of": of, "size": size} for of in ids for size in SIZES]
            await self.db.chat_pictures.update_many({"_id": {"$in": keys}}, life, session=session)

    async def take_away(self, ids: Sequence[str], session: Session) -> None:
        """Their message was deleted."""
        held = {"_id": {"$in": list(ids)}, "held": True}
        await self.db.chat_attachments.update_many(held, {"$set": {"room": None}}, session=session)
        kept = {row["_id"] async for row in self.db.chat_attachments.find(held, {"_id": 1}, session=session)}
        gone = [each for each in ids if each not in kept]
        await self.db.chat_attachments.delete_many({"_id": {"$in": gone}}, session=session)
        keys = [{"of": of, "size": size} for of in gone for size in SIZES]
        await self.db.chat_pictures.delete_many({"_id": {"$in": keys}}, session=session)
