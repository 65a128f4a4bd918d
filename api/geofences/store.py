"""Fences in MongoDB: `geofences` {_id, feature, repairs, rev, at}. Every change is said on the relay topic TOPIC.

Words on the relay can be lost, so `revisions` tells cheaply what a follower has to read again.
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from pymongo import ReturnDocument

from geo.fences.feature import Read
from infra.clients import Database
from live.store import plain

TOPIC = "geofences"
Publish = Callable[[str, bytes], Awaitable[object]]


class Stored(msgspec.Struct, frozen=True):
    """A fence as it is kept: its Feature with `id` and `repairs`, and how often it was changed."""

    feature: dict[str, Any]
    rev: int


class FenceStore:
    """Reads and writes fences; raises what the driver raises."""

    def __init__(self, db: Database, publish: Publish) -> None:
        self._fences, self._publish = db.geofences, publish

    async def put(self, read: Read) -> Stored:
        """Write a fence, new or in place of the one with its id."""
        shown = read.feature | {"repairs": list(read.repairs)}
        # the Feature as text: its corners are ours alone to look into, and BSON makes three bytes of each digit
        change = {"feature": msgspec.json.encode(shown).decode(), "at": datetime.now(UTC)}
        row = await self._fences.find_one_and_update(
            {"_id": read.fence.id}, {"$set": change, "$inc": {"rev": 1}}, {"rev": 1}, upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        await self._publish(TOPIC, read.fence.id.encode())
        return Stored(shown, row["rev"])

    async def drop(self, fence_id: str) -> bool:
        """Delete a fence; False when there was none."""
        gone = await self._fences.delete_one({"_id": fence_id})
        await self._publish(TOPIC, fence_id.encode())
        return bool(gone.deleted_count)

    async def get(self, fence_id: str) -> Stored | None:
        """The fence, or None."""
        row = await self._fences.find_one({"_id": fence_id})
        return _stored(row) if row else None

    async def page(self, after: str | None, limit: int) -> list[Stored]:
        """Fences by id, those after one."""
        query = {"_id": {"$gt": after}} if after else {}
        return [_stored(row) async for row in self._fences.find(query).sort("_id", 1).limit(limit)]

    async def revisions(self) -> dict[str, int]:
        """The revision of every fence."""
        return {row["_id"]: row["rev"] async for row in self._fences.find({}, {"rev": 1})}


def new_id() -> str:
    """`f` and sixteen random hex digits."""
    return "f" + secrets.token_hex(8)


def _stored(row: dict[str, Any]) -> Stored:
    return Stored(msgspec.json.decode(row["feature"]), plain(row["rev"]))
