"""Messages of rooms, gathered: who looks at the room hears nothing, and a chatty room is one notification a while.

Collection `notification_digests`: {_id: "role:user|room", due_ms, open_until_ms, waiting, data}. A message waits
LOOK_MS for its reader to read it, and until `digest_s` after the last notification of its room; if anything is unread
then, CHAT_MESSAGE_UNREAD happens, once: its event and the end of the waiting are written together.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import ASCENDING, UpdateOne

from events.outbox import Outbox
from notifications.store import NotificationStore

LOOK_MS: Final = 3000
AT_ONCE, LEASE_MS = 50, 30_000
WAITING = {"waiting": True}
Row = dict[str, Any]
Unread = Callable[[str, str, str], Awaitable[int]]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The newest message that somebody may have to be told of."""

    room: str
    message: str
    user: str
    role: str
    sender_id: str = ""
    sender_role: str = ""


class Digests:
    """`unread` counts what a person (sub, role) has not read in a room; 0 for one who does not want to hear of it."""

    def __init__(
        self, db: AsyncIOMotorDatabase[Row], store: NotificationStore | None = None, unread: Unread | None = None
    ) -> None:
        self.rows, self._store, self._unread = db.get_collection("notification_digests"), store, unread
        self._outbox = Outbox(db)

    async def ensure_indexes(self) -> None:
        """Make indexes, harmless when they stand."""
        await self.rows.create_index("due_ms", partialFilterExpression=WAITING)
        await self.rows.create_index("purge_at", expireAfterSeconds=86_400)

    async def note(self, said: Sequence[Said], session: AsyncIOMotorClientSession | None = None) -> None:
        """These were said; their readers get a moment to read them."""
        if said:
            now_ms = time.time_ns() // 1_000_000
            await self.rows.bulk_write([_update(each, now_ms) for each in said], ordered=False, session=session)

    async def tell_due(self) -> int:
        """Say what is due and still unread; how many were looked at."""
        now_ms = time.time_ns() // 1_000_000
        due = WAITING | {"due_ms": {"$lte": now_ms}}
        rows = [row async for row in self.rows.find(due).sort("due_ms", ASCENDING).limit(AT_ONCE)]
        for row in rows:
            ours = await self.rows.update_one(
                {"_id": row["_id"], "due_ms": row["due_ms"]}, {"$set": {"due_ms": now_ms + LEASE_MS}}
            )
            if ours.modified_count:
                await self._tell(msgspec.convert(row["data"], Said), row["_id"], now_ms + LEASE_MS)
        return len(rows)

    async def _tell(self, said: Said, name: str, claimed_ms: int) -> None:
        assert self._store is not None  # noqa: S101 - only those who tell call this
        assert self._unread is not None  # noqa: S101
        now_ms, until_ms = time.time_ns() // 1_000_000, 0
        count = await self._unread(said.user, said.role, said.room)
        if count:
            until_ms = now_ms + (await self._store.preferences(said.user)).digest_s * 1000

        async def write(session: AsyncIOMotorClientSession) -> None:
            if count:
                await self._outbox.add("CHAT_MESSAGE_UNREAD", _as_event(said, count), session=session)
            told = await self.rows.update_one(
                {"_id": name, "due_ms": claimed_ms, "data.message": said.message},
                {"$set": {"waiting": False, "open_until_ms": until_ms}}, session=session,
            )
            if not told.matched_count:  # something newer was said meanwhile: it waits for the end of the digest
                later = {"due_ms": max(now_ms + LOOK_MS, until_ms), "open_until_ms": until_ms}
                await self.rows.update_one({"_id": name}, {"$set": later}, session=session)

        await self._store.in_transaction(write)


def _as_event(said: Said, unread: int) -> Row:
    """Without the words: what is erased in the room stands nowhere else."""
    return {
        "roomId": said.room, "messageId": said.message, "senderId": said.sender_id, "senderRole": said.sender_role,
        "userId": said.user, "role": said.role, "unread": unread,
    }


def _update(said: Said, now_ms: int) -> UpdateOne:
    """The newest message of a room takes the place of the one that waits; the time to wait is not prolonged by it."""
    soonest = {"$max": [now_ms + LOOK_MS, {"$ifNull": ["$open_until_ms", 0]}]}
    fields: Row = {
        "due_ms": {"$cond": [{"$eq": ["$waiting", True]}, "$due_ms", soonest]}, "waiting": True,
        "data": {"$literal": msgspec.to_builtins(said)}, "purge_at": "$$NOW",
    }
    return UpdateOne({"_id": f"{said.role}:{said.user}|{said.room}"}, [{"$set": fields}], upsert=True)
