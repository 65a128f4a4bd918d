"""The authoritative log of every channel, in MongoDB: items with offsets 1, 2, 3 … without holes.

`channel_heads` holds {_id: channel, epoch, offset}, `channel_logs` {_id: {channel, offset}, item, at}. An offset is
allotted in the same transaction as its item, so whoever sees the head moved sees every item below it. The epoch is
drawn when the channel begins; a client that knows another one knows another log.
"""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from bson.max_key import MaxKey
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern

from live.recent import Window

MOST_ITEMS = 1001
APPEND_WITHIN_S, RETRY_WITHIN_S = 5.0, 0.005
DUPLICATE_KEY = 11000


class Unreadable(Exception):
    """The log could not be asked; after an `append` the item may be stored or not."""


class ChannelLog:
    """Log items of every channel. All methods raise Unreadable when MongoDB cannot be asked."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._db = db
        self._heads = db.get_collection("channel_heads")
        self._logs = db.get_collection("channel_logs")

    async def append(
        self, channel: str, item: dict[str, Any], session: AsyncIOMotorClientSession | None = None
    ) -> int:
        """Store an item (without "channel" and "offset") and return its offset.

        With `session` it belongs to the caller's transaction, whose errors pass through untouched, because the driver
        retries by them; the caller announces it after the commit.
        """
        if session is not None:
            return await self._append(channel, item, session)
        async with _readable("append to", channel), await self._db.client.start_session() as own:
            async with asyncio.timeout(APPEND_WITHIN_S):
                return await self._append_retrying(channel, item, own)

    async def append_all(
        self, items: Sequence[tuple[str, dict[str, Any]]], session: AsyncIOMotorClientSession
    ) -> list[int]:
        """The same for items of several channels in the caller's transaction, in three commands; their offsets.

        Raises DuplicateKeyError when another transaction begins one of the channels at the same time.
        """
        if len(items) < 2:
            return [await self._append(channel, item, session) for channel, item in items]
        counts = Counter(channel for channel, _ in items)
        try:
            await self._heads.bulk_write([
                UpdateOne(
                    {"_id": channel}, {"$inc": {"offset": count}, "$setOnInsert": {"epoch": _new_epoch()}}, upsert=True
                )
                for channel, count in counts.items()
            ], session=session)
        except BulkWriteError as error:
            if any(each["code"] == DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise DuplicateKeyError(str(error)) from error
            raise
        moved = await self._heads.find({"_id": {"$in": list(counts)}}, {"offset": 1}, session=session).to_list(None)
        last = {head["_id"]: head["offset"] - counts[head["_id"]] for head in moved}
        rows, offsets, at = [], [], datetime.now(UTC)
        for channel, item in items:
            last[channel] += 1
            offsets.append(last[channel])
            rows.append({"_id": {"channel": channel, "offset": last[channel]}, "item": item, "at": at})
        await self._logs.insert_many(rows, session=session)
        return offsets

    async def head(self, channel: str) -> tuple[str, int]:
        """The channel's epoch and last offset; a channel begins by being asked for."""
        async with _readable("read", channel):
            found = await self._heads.find_one({"_id": channel})
            if found is None:
                found = await self._move_head(channel, 0, None)
            return found["epoch"], found["offset"]

    async def heads(self, channels: Iterable[str]) -> dict[str, int]:
        """The last offset of each of these channels that exists, in one query."""
        wanted = list(channels)
        async with _readable("read the heads of", f"{len(wanted)} channels"):
            found = await self._heads.find({"_id": {"$in": wanted}}, {"offset": 1}).to_list(len(wanted))
            return {head["_id"]: head["offset"] for head in found}

    async def read(
        self, channel: str, *, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Items ascending by "offset": the first `limit` after one, the last `limit` before one, or the newest."""
        limit = min(limit, MOST_ITEMS)
        lowest = {"channel": channel, "offset": after if after is not None else -1}
        highest = {"channel": channel, "offset": before if before is not None else MaxKey()}
        order = 1 if after is not None else -1
        async with _readable("read", channel):
            cursor = self._logs.find({"_id": {"$gt": lowest, "$lt": highest}}).sort("_id", order).limit(limit)
            found = [row["item"] | {"offset": row["_id"]["offset"]} async for row in cursor]
        return found if order == 1 else found[::-1]

    async def ends(self, channels: Sequence[str], most: int) -> dict[str, Window]:
        """The newest items of each of these, in two reads for all together; a channel begins by being asked for."""
        async with _readable("read the ends of", f"{len(channels)} channels"):
            heads = await self._begun(channels)
            spans = [
                {"_id": {"$gt": {"channel": name, "offset": head["offset"] - most},
                         "$lte": {"channel": name, "offset": head["offset"]}}}
                for name, head in heads.items() if head["offset"]
            ]
            items: dict[str, list[dict[str, Any]]] = {name: [] for name in heads}
            if spans:
                async for row in self._logs.find({"$or": spans}).sort("_id", 1):
                    items[row["_id"]["channel"]].append(row["item"] | {"offset": row["_id"]["offset"]})
        return {
            name: Window(
                head["epoch"], items[name][0]["offset"] if items[name] else head["offset"] + 1, head["offset"],
                items[name],
            )
            for name, head in heads.items()
        }

    async def _begun(self, channels: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The heads of all of them, made where there was none."""
        found = {head["_id"]: head async for head in self._heads.find({"_id": {"$in": list(channels)}})}
        if missing := [name for name in channels if name not in found]:
            await self._heads.bulk_write([
                UpdateOne({"_id": name}, {"$setOnInsert": {"epoch": _new_epoch(), "offset": 0}}, upsert=True)
                for name in missing
            ], ordered=False)
            found |= {head["_id"]: head async for head in self._heads.find({"_id": {"$in": missing}})}
        return found

    async def _append_retrying(
        self, channel: str, item: dict[str, Any], own: AsyncIOMotorClientSession
    ) -> int:
        """Until it is committed: motor's with_transaction does not retry what only the commit finds."""
        while True:
            try:
                async with own.start_transaction(write_concern=WriteConcern("majority")):
                    return await self._append(channel, item, own)
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
            await asyncio.sleep(random.uniform(0, RETRY_WITHIN_S))  # noqa: S311 - jitter

    async def _append(self, channel: str, item: dict[str, Any], session: AsyncIOMotorClientSession) -> int:
        head = await self._move_head(channel, 1, session)
        offset: int = head["offset"]
        row = {"_id": {"channel": channel, "offset": offset}, "item": item, "at": datetime.now(UTC)}
        await self._logs.insert_one(row, session=session)
        return offset

    async def _move_head(
        self, channel: str, by: int, session: AsyncIOMotorClientSession | None
    ) -> dict[str, Any]:
        moved: dict[str, Any] = await self._heads.find_one_and_update(
            {"_id": channel},
            {"$inc": {"offset": by}, "$setOnInsert": {"epoch": _new_epoch()}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return moved


def _new_epoch() -> str:
    return uuid.uuid4().hex[:12]


def plain(value: Any) -> Any:
    """The value with plain integers: MongoDB hands large ones back as Int64, which no encoder takes."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


@asynccontextmanager
async def _readable(what: str, channel: str) -> AsyncIterator[None]:
    """MongoDB's errors as ours."""
    try:
        yield
    except (PyMongoError, TimeoutError) as error:
        raise Unreadable(f"could not {what} {channel}: {error}") from error
