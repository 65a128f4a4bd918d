"""Notifications in MongoDB: what was told to whom, what became of it, and how much is unread.

Collections: `notifications` (one document each, `_id` made from what happened, so twice is once; it is also the due
decision: `decision` "pending" with `due_ms` until somebody claims it), `notification_ranks` ({_id: user and subject,
rank}: older news of a subject is refused) and `notification_people` ({_id: user, rev, unread by kind, preferences}).
Telling writes them, and the item in the person's log, in one transaction: the caller's, or one of our own.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern

from live.store import ChannelLog
from notifications.decision import ACK_WITHIN_MS
from notifications.notice import ACKED, AckState, Notice, log_item
from notifications.preferences import Preferences, allows

Session = AsyncIOMotorClientSession
Row = dict[str, Any]
Answer = TypeVar("Answer")
BeforeCommit = Callable[[str, int], Awaitable[None]]
KEPT = timedelta(days=90)
WITHIN_S, RETRY_WITHIN_S = 8.0, 0.01
PENDING = {"decision": "pending"}
SUPERSEDED = {"$cond": [{"$eq": ["$also", []]}, "superseded", "pending"]}  # records are sent all the same
Unanswered = PyMongoError  # what every method here raises when MongoDB cannot be asked, besides TimeoutError


class Tally(msgspec.Struct, frozen=True):
    """How much one person has not read, by kind, at revision `rev`, which every change raises."""

    rev: int = 0
    by_kind: dict[str, int] = {}

    @property
    def unread(self) -> int:
        """All kinds together."""
        return sum(self.by_kind.values())


class Told(msgspec.Struct, frozen=True):
    """What a telling wrote: the notice, its place in the log (None: not wanted there) and the person's new tally."""

    notice: Notice
    offset: int | None
    tally: Tally


async def nobody_copies(user: str, rev: int) -> None:
    """For a store whose tallies nobody copies."""


class NotificationStore:
    """`log` is the channels' log; devices have `ack_within_ms` to confirm. Raises what the driver raises.

    `before_commit` hears of each revision of a person's tally that is about to be.
    """

    def __init__(
        self, db: AsyncIOMotorDatabase[Row], log: ChannelLog, ack_within_ms: int = ACK_WITHIN_MS,
        before_commit: BeforeCommit = nobody_copies,
    ) -> None:
        self._before_commit = before_commit
        self.db, self.log, self.ack_within_ms = db, log, ack_within_ms
        self.rows, self.ranks = db.get_collection("notifications"), db.get_collection("notification_ranks")
        self.people = db.get_collection("notification_people")

    async def ensure_indexes(self) -> None:
        """Make collections and indexes, harmless when they stand."""
        await self.rows.create_index([("user", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)])
        await self.rows.create_index([("user", ASCENDING), ("kind", ASCENDING)],
                                     partialFilterExpression={"unread": True}, name="unread")
        await self.rows.create_index("due_ms", partialFilterExpression=PENDING)
        await self.rows.create_index([("user", ASCENDING), ("collapse", ASCENDING)], partialFilterExpression=PENDING,
                                     name="waiting")
        await self.rows.create_index("purge_at", expireAfterSeconds=0)
        await self.ranks.create_index("at", expireAfterSeconds=round(KEPT.total_seconds()))
        await self.people.create_index("_id")

    async def in_transaction(self, write: Callable[[Session], Awaitable[Answer]]) -> Answer:
        """Run it in a transaction of our own, again where others got in its way."""
        async with asyncio.timeout(WITHIN_S), await self.db.client.start_session() as session:
            while True:
                try:
                    async with session.start_transaction(write_concern=WriteConcern("majority")):
                        return await write(session)
                except DuplicateKeyError:  # somebody else began the same document
                    pass
                except PyMongoError as error:
                    if not error.has_error_label("TransientTransactionError"):
                        raise
                await asyncio.sleep(random.uniform(0, RETRY_WITHIN_S))  # noqa: S311 - jitter

    # Telling

    async def tell(self, notices: Sequence[Notice], session: Session) -> list[Told]:
        """Write those that are new; news of a subject about which something newer was told is left out."""
        known = {row["_id"] async for row in self.rows.find(
            {"_id": {"$in": [notice.id for notice in notices]}}, {"_id": 1}, session=session
        )}
        return [
            await self._write(notice, session) for notice in notices
            if notice.id not in known and await self._take_rank(notice, session)
        ]

    async def _take_rank(self, notice: Notice, session: Session) -> bool:
        """Is nothing newer told of this subject? Whatever older still waits interrupts nobody any more."""
        if notice.collapse is None:
            return True
        name, at = f"{notice.user}|{notice.collapse}", datetime.now(UTC)
        held = await self.ranks.find_one({"_id": name}, session=session)
        if held is not None and held["rank"] > notice.rank:
            return False
        rank = {"$set": {"rank": notice.rank, "at": at}}
        await self.ranks.update_one({"_id": name}, rank, upsert=True, session=session)
        await self.rows.update_many(
            {"user": notice.user, "collapse": notice.collapse, **PENDING},
            [{"$set": {"fallback": [], "decision": SUPERSEDED, "decided_ms": now_ms(at)}}], session=session,
        )
        return True

    async def _write(self, notice: Notice, session: Session) -> Told:
        person = await self.people.find_one({"_id": notice.user}, session=session) or {}
        wanted_here = allows(preferences_in(person), notice.kind, "in_app")
        offset = await self.log.append(notice.channel, log_item(notice), session=session) if wanted_here else None
        created, told_ms = datetime.fromtimestamp(notice.created_ms / 1000, UTC), now_ms(datetime.now(UTC))
        has_ways = bool(notice.fallback or notice.also)
        row: Row = msgspec.to_builtins(notice)
        row["_id"] = row.pop("id")
        row |= {
            "created_at": created, "purge_at": created + KEPT, "offset": offset, "unread": wanted_here,
            "decision": "pending" if has_ways else "none", "tries": 0, "failed": [], "sent": [],
            "told_ms": told_ms, "due_ms": told_ms + (self.ack_within_ms if wanted_here and not notice.also else 0),
        }
        await self.rows.insert_one(row, session=session)
        return Told(notice, offset, await self._recount(notice.user, session))

    # Reading and acknowledging

    async def acknowledge(self, user: str, ids: Sequence[str], state: AckState, session: Session) -> tuple[int, Tally]:
        """Note what a person's device says of these; how many are no longer unread by it, and the tally then."""
        now, own = datetime.now(UTC), {"_id": {"$in": list(ids)}, "user": user}
        decision = "in_app" if state == "delivered" else state
        await self.rows.update_many(
            own | PENDING | {"also": []}, {"$set": {"decision": decision, "decided_ms": now_ms(now)}}, session=session
        )
        for instant in ACKED[state]:
            await self.rows.update_many(own | {instant: None}, {"$set": {instant: now}}, session=session)
        if state not in ("read", "dismissed"):
            return 0, Tally()
        changed = await self.rows.update_many(
            own | {"unread": True}, {"$set": {"unread": False}}, session=session
        )
        if not changed.modified_count:
            return 0, Tally()
        return changed.modified_count, await self._recount(user, session)

    async def unread_ids(self, user: str, limit: int = 1000) -> list[str]:
        """What a person has not read."""
        cursor = self.rows.find({"user": user, "unread": True}, {"_id": 1}).limit(limit)
        return [row["_id"] async for row in cursor]

    async def page(self, user: str, before: tuple[datetime, str] | None, limit: int, *, unread: bool) -> list[Row]:
        """A person's notifications, newest first, without dismissed ones; those before one."""
        query: Row = {"user": user, "dismissed_at": None} | ({"unread": True} if unread else {})
        if before is not None:
            at, last = before
            query["$or"] = [{"created_at": {"$lt": at}}, {"created_at": at, "_id": {"$lt": last}}]
        order = [("created_at", DESCENDING), ("_id", DESCENDING)]
        return [row async for row in self.rows.find(query).sort(order).limit(limit)]

    async def tally(self, user: str) -> Tally:
        """How much a person has not read: one read by id."""
        return tally_in(await self.people.find_one({"_id": user}, {"rev": 1, "unread": 1}) or {})

    async def tallies(self, users: Sequence[str]) -> dict[str, Tally]:
        """The same for many, in one read; who was never told anything is absent."""
        rows = self.people.find({"_id": {"$in": list(users)}}, {"rev": 1, "unread": 1})
        return {row["_id"]: tally_in(row) async for row in rows}

    async def preferences(self, user: str) -> Preferences:
        """What a person wants to hear."""
        return preferences_in(await self.people.find_one({"_id": user}, {"preferences": 1}) or {})

    async def put_preferences(self, user: str, wanted: Preferences) -> None:
        """Keep what a person wants to hear."""
        kept = {"$set": {"preferences": msgspec.to_builtins(wanted)}}
        await self.people.update_one({"_id": user}, kept, upsert=True)

    async def _recount(self, user: str, session: Session) -> Tally:
        """Count what is unread and keep the number at its new revision: never added up, so never wrong."""
        stages: list[Row] = [
            {"$match": {"user": user, "unread": True}}, {"$group": {"_id": "$kind", "n": {"$sum": 1}}},
        ]
        counted = [[row["_id"], row["n"]] async for row in self.rows.aggregate(stages, session=session)]
        person = await self.people.find_one_and_update(
            {"_id": user}, {"$inc": {"rev": 1}, "$set": {"unread": sorted(counted)}}, upsert=True,
            return_document=ReturnDocument.AFTER, session=session,
        )
        await self._before_commit(user, person["rev"])
        return tally_in(person)


def now_ms(now: datetime) -> int:
    """An instant as decisions are dated."""
    return round(now.timestamp() * 1000)


def notice_in(row: Row) -> Notice:
    """The notice as it was told."""
    names = {field.name for field in msgspec.structs.fields(Notice)}
    return msgspec.convert({"id": row["_id"]} | {name: of for name, of in row.items() if name in names}, Notice)


def preferences_in(person: Row) -> Preferences:
    """What this person chose, or the defaults."""
    return msgspec.convert(person.get("preferences") or {}, Preferences)


def tally_in(person: Row) -> Tally:
    """The tally this person's document holds."""
    return Tally(person.get("rev", 0), dict(person.get("unread") or ()))
