"""What riders earned, in MongoDB: `rider_earnings`, one document a delivery, `_id` its order."""

from datetime import datetime
from typing import Any

from infra.clients import Database


class EarningStore:
    """Reads earnings; raises what the driver raises. `api/orders/till.py` writes them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def page(
        self, rider: str, since: datetime | None, until: datetime | None, after: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """The rider's earnings, those of the newest orders first, those before the order `after`."""
        query = _within(rider, since, until) | ({"_id": {"$lt": after}} if after else {})
        return [row async for row in self.db.rider_earnings.find(query).sort("_id", -1).limit(limit)]

    async def total(self, rider: str, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """How much, and by how many deliveries."""
        stages: list[dict[str, Any]] = [
            {"$match": _within(rider, since, until)},
            {"$group": {"_id": None, "amount": {"$sum": "$amount"}, "n": {"$sum": 1}}},
        ]
        async for row in self.db.rider_earnings.aggregate(stages):
            return int(row["amount"]), int(row["n"])
        return 0, 0


def _within(rider: str, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    span = {key: value for key, value in (("$gte", since), ("$lt", until)) if value is not None}
    return {"rider": rider, **({"delivered_at": span} if span else {})}
