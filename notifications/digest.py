"""Messages of rooms, gathered: who looks at the room hears nothing, and a chatty room is one notification a while.

Collection `notification_digests`: {_id: "role:user|room", due_ms, claim, open_until_ms, waiting, data}. A message waits
LOOK_MS for its reader to read it, and until `digest_s` after the last notification of its room; if anything is unread
then, CHAT_MESSAGE_UNREAD happens, once: its event and the end of the waiting are written together.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import UpdateOne

from events.outbox import Outbox
from notifications import leases
from notifications.claims import LEASE_MS, Claims, Lost
from notifications.leases import OVER
from notifications.store import NotificationStore

LOOK_MS: Final = 3000
AT_ONCE, LOOK_EVERY_S = 50, 0.5
WAITING = {"waiting": True}
Row = dict[str, Any]
Unread = Callable[[str, str, str], Awaitable[int]]
logger = structlog.get_logger(__name__)


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
        self, db: AsyncIOMotorDatabase[Row], store: NotificationStore | None = None, unread: Unread | None = None, *,
        lease_ms: int = LEASE_MS,
    ) -> None:
        self.rows, self._store, self._unread = db.get_collection("notification_digests"), store, unread
        self._outbox, self._claims = Outbox(db), Claims(self._renew, lease_ms=lease_ms)

    async def ensure_indexes(self) -> None:
        """Make indexes, harmless when they stand."""
        await self.rows.create_index("due_ms", partialFilterExpression=WAITING)
        await self.rows.create_index("purge_at", expireAfterSeconds=86_400)

    async def note(self, said: Sequence[Said], session: AsyncIOMotorClientSession | None = None) -> None:
        """These were said; their readers get a moment to read them."""
        if said:
            now_ms = _now_ms()
            await self.rows.bulk_write([_update(each, now_ms) for each in said], ordered=False, session=session)

    async def run(self) -> None:
        """Say what is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._claims.run())
            while True:
                if not await self.tell_due():
                    await asyncio.sleep(LOOK_EVERY_S)

    async def tell_due(self) -> int:
        """Say what is due and still unread; how many were looked at. What cannot be said is looked at again later."""
        rows = await self._claims.take(partial(self._claim, _now_ms()))
        for row in rows:
            try:
                async with self._claims.hold(row):
                    await self._tell(row)
            except Exception as error:  # the claim runs out, and then it is looked at again
                logger.warning("a room's messages could not be told", id=row["_id"], error=repr(error))
            finally:
                self._claims.drop(row)
        return len(rows)

    async def _claim(self, now_ms: int, lease_ms: int, token: str) -> list[Row]:
        return await leases.claim(self.rows, WAITING, now_ms, AT_ONCE, lease_ms, token)

    async def _renew(self, rows: Sequence[Row], lease_ms: int) -> list[Row]:
        return await leases.renew(self.rows, WAITING, rows, lease_ms)

    async def _tell(self, row: Row) -> None:
        assert self._store is not None  # noqa: S101 - only those who tell call this
        assert self._unread is not None  # noqa: S101
        said, ours = msgspec.convert(row["data"], Said), {"_id": row["_id"], "claim": row["claim"]}
        now_ms, until_ms = _now_ms(), 0
        count = await self._unread(said.user, said.role, said.room)
        if count:
            until_ms = now_ms + (await self._store.preferences(said.user)).digest_s * 1000

        async def write(session: AsyncIOMotorClientSession) -> None:
            if count:
                await self._outbox.add("CHAT_MESSAGE_UNREAD", _as_event(said, count), session=session)
            told = await self.rows.update_one(
                ours | {"data.message": said.message},
                OVER | {"$set": {"waiting": False, "open_until_ms": until_ms}}, session=session,
            )
            if told.matched_count:
                return
            # Something newer was said meanwhile: it waits for the end of the digest.
            later = {"due_ms": max(now_ms + LOOK_MS, until_ms), "open_until_ms": until_ms}
            if not (await self.rows.update_one(ours, OVER | {"$set": later}, session=session)).matched_count:
                raise Lost(f"the claim on {row['_id']} has ended")  # somebody else says it

        await self._store.in_transaction(write)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


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
