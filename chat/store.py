"""Messages and marks in MongoDB. What is said is stored with its log item in one transaction.

Collections: `chat_messages` (one document a message, `_id` made from room, sender and the client's own id) and
`chat_marks` ({_id: {room, user}, delivered, read, own}); log items stand in `channel_logs`, and the counts of a room
beside its offset in `channel_heads`, where live/store.py reads them. Nothing here fits into one growing document.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from bson.max_key import MaxKey
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern

from chat.messages import Change, Say, Stored
from chat.plan import Head, Plan
from chat.room import No
from chat.unread import SERVICE, Mark

if TYPE_CHECKING:
    from chat.album import Album

WITHIN_S, RETRY_WITHIN_S = 8.0, 0.01
Answer = TypeVar("Answer")
Session = AsyncIOMotorClientSession
Row = dict[str, Any]


class Unstored(Exception):
    """MongoDB could not be asked. After a write: it may be stored or not; asking again with the same ids is safe."""


class Stale(Exception):
    """Another process wrote to one of the rooms meanwhile."""


async def asked(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What MongoDB answers; raises Unstored, and DuplicateKeyError as it is."""
    try:
        async with asyncio.timeout(WITHIN_S):
            return await ask()
    except DuplicateKeyError:
        raise
    except (PyMongoError, TimeoutError) as error:
        raise Unstored(f"chat's collections could not be asked: {error}") from error


class ChatStore:
    """All methods raise Unstored when MongoDB cannot be asked. `retention_s`: of messages; 0: for ever."""

    def __init__(self, db: AsyncIOMotorDatabase[Row], album: "Album", retention_s: int = 0) -> None:
        self.db, self.album, self.retention_s = db, album, retention_s
        self._heads: dict[str, Head] = {}  # of rooms written to here, until somebody else writes to them

    async def ensure_indexes(self) -> None:
        """Make collections and indexes, harmless when they stand."""
        await self.db.chat_messages.create_index([("room", ASCENDING), ("by", ASCENDING), ("number", DESCENDING)])
        await self.db.chat_messages.create_index([("by", ASCENDING), ("timestamp", ASCENDING)])
        await self.db.chat_messages.create_index("expires_at", expireAfterSeconds=0)
        await self.db.channel_logs.create_index("expires_at", expireAfterSeconds=0, sparse=True)

    # What was said

    async def heads(self, rooms: Sequence[str]) -> dict[str, Head]:
        """Where these rooms' logs end; a room nothing was said in is absent."""
        async with await self.db.client.start_session() as session:
            return await asked(lambda: self._read_heads(rooms, session))

    async def newest(self, heads: Mapping[str, Head]) -> dict[str, Row]:
        """The last log item of each room, with its offset."""
        wanted = [{"channel": f"room:{room}", "offset": head.offset} for room, head in heads.items()]

        async def ask() -> dict[str, Row]:
            cursor = self.db.channel_logs.find({"_id": {"$in": wanted}})
            return {
                row["_id"]["channel"][5:]: row["item"] | {"offset": row["_id"]["offset"]} async for row in cursor
            }

        return await asked(ask)

    async def message(self, said: str) -> Row | None:
        """A message's row."""
        return await asked(lambda: self.db.chat_messages.find_one({"_id": said}))

    async def stored(self, said: str) -> Stored | None:
        """Where a message was stored first."""
        row = await self.message(said)
        if row is None:
            return None
        return Stored(
            room=row["room"], message_id=said, offset=row["offset"], number=row["number"], at=row["timestamp"],
            duplicate=True,
        )

    async def written_by(self, person: str, limit: int, *, after: Row | None = None) -> list[Row]:
        """What `role:sub` wrote and has not deleted, oldest first; `after`: the last row of the page before."""
        query: Row = {"by": person, "deleted_at": None}
        if after is not None:
            since, said = after["timestamp"], after["_id"]
            query["$or"] = [{"timestamp": {"$gt": since}}, {"timestamp": since, "_id": {"$gt": said}}]

        async def ask() -> list[Row]:
            order = [("timestamp", ASCENDING), ("_id", ASCENDING)]
            return [row async for row in self.db.chat_messages.find(query).sort(order).limit(limit)]

        return await asked(ask)

    # Marks

    async def marks(self, room: str) -> dict[str, Mark]:
        """Everybody's mark in a room."""
        span = {"$gte": {"room": room, "user": ""}, "$lt": {"room": room, "user": MaxKey()}}

        async def ask() -> dict[str, Mark]:
            return {row["_id"]["user"]: _mark(row) async for row in self.db.chat_marks.find({"_id": span})}

        return await asked(ask)

    async def marks_of(self, user: str, rooms: Sequence[str]) -> dict[str, Mark]:
        """Somebody's marks by room."""
        wanted = [{"room": room, "user": user} for room in rooms]

        async def ask() -> dict[str, Mark]:
            cursor = self.db.chat_marks.find({"_id": {"$in": wanted}})
            return {row["_id"]["room"]: _mark(row) async for row in cursor}

        return await asked(ask)

    async def marks_at(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Mark]:
        """The marks at these (room, user); where there is none, one at the beginning."""
        wanted = [{"room": room, "user": user} for room, user in places]

        async def ask() -> dict[tuple[str, str], Mark]:
            cursor = self.db.chat_marks.find({"_id": {"$in": wanted}})
            return {(row["_id"]["room"], row["_id"]["user"]): _mark(row) async for row in cursor}

        found = await asked(ask)
        return {place: found.get(place, Mark()) for place in places}

    async def raise_marks(self, marks: Mapping[tuple[str, str], Mark]) -> None:
        """Move marks by (room, user) forward, never back."""
        changes = [
            UpdateOne(
                {"_id": {"room": room, "user": user}},
                {"$max": {"delivered": mark.delivered, "read": mark.read, "own": mark.own}}, upsert=True,
            )
            for (room, user), mark in marks.items()
        ]
        await asked(lambda: self.db.chat_marks.bulk_write(changes, ordered=False))

    async def quiet_up_to(self, room: str, person: str, number: int) -> int:
        """How many messages with a number up to this one `role:sub` or the service itself had sent."""

        async def sent_by(who: str) -> int:
            found = await asked(lambda: self.db.chat_messages.find_one(
                {"room": room, "by": who, "number": {"$lte": number}}, {"nth": 1}, sort=[("number", DESCENDING)]
            ))
            return int(found["nth"]) if found else 0

        return await sent_by(person) + await sent_by(SERVICE)

    # What is said

    async def write(self, entries: Sequence[Say | Change]) -> list[Stored | No]:
        """Store what is new among the entries, all in one transaction; an outcome for each, in order."""
        deadline_s = asyncio.get_running_loop().time() + WITHIN_S
        known: dict[str, Row] = {}
        while True:
            try:
                async with asyncio.timeout_at(deadline_s), await self.db.client.start_session() as session:
                    return await self._write_once(entries, known, session)
            except (Stale, BulkWriteError) as error:
                self._forget(entries)
                if isinstance(error, BulkWriteError):  # said before, perhaps in another process at this moment
                    known = await asked(lambda: self._said_before(entries))
            except (PyMongoError, TimeoutError) as error:
                self._forget(entries)
                passing = isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")
                if not passing or asyncio.get_running_loop().time() > deadline_s:
                    raise Unstored(f"{len(entries)} messages could not be stored: {error}") from error
            await asyncio.sleep(random.uniform(0, RETRY_WITHIN_S))  # noqa: S311 - jitter

    async def _write_once(self, entries: Sequence[Say | Change], known: dict[str, Row], session: Session) -> list[Any]:
        session.start_transaction(write_concern=WriteConcern("majority"))
        try:
            files = [each for entry in entries if isinstance(entry, Say) for each in entry.attachments]
            plan = Plan(
                await self._heads_for(entries, session), self.retention_s,
                await self.album.rows(files, session) if files else {},
            )
            changed = [entry.message_id for entry in entries if isinstance(entry, Change)]
            rows = await self._rows(changed, session) if changed else {}
            outcomes = [
                plan.say(entry, known) if isinstance(entry, Say) else plan.change(entry, rows) for entry in entries
            ]
            await self._carry_out(plan, session)
        except BaseException:
            await session.abort_transaction()
            raise
        await self._commit(session)
        self._heads.update(plan.heads)
        if len(self._heads) > 50_000:
            self._heads.clear()
        return outcomes

    async def _carry_out(self, plan: Plan, session: Session) -> None:
        if not plan.logs:
            return
        moved = await self.db.channel_heads.bulk_write(_head_moves(plan), session=session, ordered=False)
        if moved.matched_count + moved.inserted_count != len(plan.moved):
            raise Stale
        await self.db.channel_logs.insert_many(plan.logs, session=session, ordered=False)
        if plan.inserts:
            await self.db.chat_messages.insert_many(plan.inserts, session=session, ordered=False)
        if plan.updates:
            changes = [
                UpdateOne({"_id": said}, {"$set": fields, "$push": {"offsets": offset}})
                for said, fields, offset in plan.updates
            ]
            await self.db.chat_messages.bulk_write(changes, session=session)
        if plan.claims:
            await self.album.give(plan.claims, session)
        if plan.dropped:
            await self.album.take_away(plan.dropped, session)
        if plan.voided:
            gone = {"$set": {"item.text": "", "item.deleted": True}, "$unset": {"item.attachments": ""}}
            await self.db.channel_logs.update_many({"_id": {"$in": plan.voided}}, gone, session=session)

    async def _commit(self, session: Session) -> None:
        while True:
            try:
                await session.commit_transaction()
                return
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult"):
                    raise

    async def _heads_for(self, entries: Sequence[Say | Change], session: Session) -> dict[str, Head]:
        """The heads as last seen by this process, read where it has not written yet."""
        rooms = {entry.room for entry in entries}
        unknown = [room for room in rooms if room not in self._heads]
        found = await self._read_heads(unknown, session) if unknown else {}
        return {room: found.get(room) or self._heads.get(room) or Head() for room in rooms}

    async def _read_heads(self, rooms: Sequence[str], session: Session) -> dict[str, Head]:
        cursor = self.db.channel_heads.find({"_id": {"$in": [f"room:{room}" for room in rooms]}}, session=session)
        return {
            row["_id"][5:]: Head(row["epoch"], row["offset"], row.get("number", 0), row.get("sent", {}), row.get("at"))
            async for row in cursor
        }

    async def _rows(self, ids: Sequence[str], session: Session | None = None) -> dict[str, Row]:
        cursor = self.db.chat_messages.find({"_id": {"$in": list(ids)}}, session=session)
        return {row["_id"]: row async for row in cursor}

    async def _said_before(self, entries: Sequence[Say | Change]) -> dict[str, Row]:
        return await self._rows([entry.message_id for entry in entries if isinstance(entry, Say)])

    def _forget(self, entries: Sequence[Say | Change]) -> None:
        for entry in entries:
            self._heads.pop(entry.room, None)


def _mark(row: Row) -> Mark:
    return Mark(row.get("delivered", 0), row.get("read", 0), row.get("own", 0))


def _head_moves(plan: Plan) -> list[Any]:
    """The moves of the heads, each from where it was believed to be."""
    moves: list[Any] = []
    for room in plan.moved:
        before, fields = plan.before[room], plan.head_fields(room)
        if before.epoch:
            moves.append(UpdateOne({"_id": f"room:{room}", "offset": before.offset}, {"$set": fields}))
        else:
            moves.append(InsertOne({"_id": f"room:{room}", "epoch": plan.heads[room].epoch, **fields}))
    return moves
