"""The audit log in MongoDB. Collection `audit`: {at, event, sub, address, program, details}; only ever added to.

MongoDB's TTL sweep takes entries away after AUDIT_RETENTION_S.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from pymongo import UpdateOne

from infra.clients import Database

Entry = dict[str, Any]


class AuditStore:
    """Adds and reads."""

    def __init__(self, db: Database, retention_s: int) -> None:
        self.collection, self.retention_s = db.audit, retention_s

    async def ensure_indexes(self) -> None:
        """Make the indexes; harmless when they stand."""
        await self.collection.create_index("at", expireAfterSeconds=self.retention_s)
        await self.collection.create_index([("sub", 1), ("_id", -1)])

    async def add(self, entries: Sequence[Entry]) -> None:
        """Keep these; those that were kept by an attempt whose answer got lost stay as they are."""
        for entry in entries:
            entry.setdefault("_id", ObjectId())
        rows = [UpdateOne({"_id": entry["_id"]}, {"$setOnInsert": entry}, upsert=True) for entry in entries]
        if rows:
            await self.collection.bulk_write(rows, ordered=False)

    async def page(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Entry]:
        """Entries, newest first, those before the id `after`; none when that is no id."""
        try:
            before = {"_id": {"$lt": ObjectId(after)}} if after else {}
        except InvalidId:
            return []
        found = self.collection.find({**where, **before}).sort("_id", -1).limit(limit)
        return [entry async for entry in found]
