"""Counts per day and type of event, each event once. What shops earned is counted when the order is placed.

Collection `tallies`: {_id: {day, type, slot}, events, total}. A count is spread over SLOTS documents, so that events
that arrive together seldom wait for each other.
"""

from datetime import datetime
from typing import Any
from zlib import crc32

from pymongo import ASCENDING

from events.event import Event
from events.once import Session
from infra.clients import Database

SLOTS = 32


async def ensure_indexes(db: Database) -> None:
    """Make the index; harmless when it stands."""
    await db.tallies.create_index([("_id.day", ASCENDING)])


async def count(event: Event, tools: Any, session: Session) -> None:
    """Count the event on its day."""
    day = event.timestamp.date().isoformat()
    row = {"day": day, "type": event.type, "slot": crc32(event.id.encode()) % SLOTS}
    money = event.data.get("totalPrice", 0) if event.type == "ORDER_CREATED" else 0
    await tools.db.tallies.update_one(
        {"_id": row}, {"$inc": {"events": 1, "total": money}}, upsert=True, session=session
    )


async def of_days(db: Database, first: datetime, last: datetime) -> list[dict[str, Any]]:
    """{day, type, events, total} of each day between the two, the last included."""
    span = {"$gte": first.date().isoformat(), "$lte": last.date().isoformat()}
    counted: list[dict[str, Any]] = [
        {"$match": {"_id.day": span}},
        {"$group": {
            "_id": {"day": "$_id.day", "type": "$_id.type"}, "events": {"$sum": "$events"}, "total": {"$sum": "$total"},
        }},
        {"$sort": {"_id": 1}},
    ]
    return [row.pop("_id") | row async for row in db.tallies.aggregate(counted)]
