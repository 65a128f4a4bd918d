"""Activity in MongoDB: `activity`, one document a batch, removed by MongoDB after ACTIVITY_RETENTION_S."""

from datetime import datetime
from typing import Any

from infra.clients import Database

MOST_VIEWED = 10


class ActivityStore:
    """Writes batches and counts views; raises what the driver raises."""

    def __init__(self, db: Database, retention_s: int) -> None:
        self.db, self.retention_s = db, retention_s

    async def ensure_indexes(self) -> None:
        """Make the indexes, or give the one that stands another time."""
        await self.db.activity.create_index("user_id")
        await self.db.activity.create_index("at", name="retention", expireAfterSeconds=self.retention_s)

    async def add(self, batch: dict[str, Any]) -> None:
        """Keep a batch."""
        await self.db.activity.insert_one(batch)

    async def views(self, since: datetime, until: datetime, products: list[str] | None) -> tuple[int, dict[str, int]]:
        """How many product views there were, and of which products most; of these products only, if they are given."""
        within: dict[str, Any] = {"events.action": "product_view", "events.timestamp": {"$gte": since, "$lt": until}}
        if products is not None:
            within["events.product_id"] = {"$in": products}
        stages: list[dict[str, Any]] = [
            {"$match": {"at": {"$gte": since}}}, {"$unwind": "$events"}, {"$match": within},
            {"$group": {"_id": "$events.product_id", "n": {"$sum": 1}}}, {"$sort": {"n": -1, "_id": 1}},
        ]
        counted = [(row["_id"], int(row["n"])) async for row in self.db.activity.aggregate(stages)]
        top = {product: n for product, n in counted if product}
        return sum(n for _, n in counted), dict(list(top.items())[:MOST_VIEWED])
