"""The dashboard's day, asked of MongoDB: orders, deliveries, activity and the tallies of events."""

import asyncio
from datetime import datetime
from typing import Any

from api.activity.store import ActivityStore
from api.analytics import tally
from api.analytics.numbers import Daily, Error, Money, Placed, Span, Times, Viewed, mean, times
from infra.clients import Database

MOST_OF_A_VENDOR = 10_000


class AnalyticsStore:
    """Raises what the driver raises."""

    def __init__(self, db: Database, activity: ActivityStore) -> None:
        self.db, self.activity = db, activity

    async def daily(self, span: Span, vendor: str | None, now: datetime) -> Daily:
        """Everything of the day, asked at the same time."""
        (orders, revenue), (delivery, error), views, events = await asyncio.gather(
            self._orders(span, vendor), self._deliveries(span, vendor), self._views(span, vendor),
            self._events(span) if vendor is None else _nothing(),
        )
        return Daily(
            day=span.since.date(), vendor_id=vendor, orders=orders, revenue=revenue, delivery=delivery,
            eta_error=error, views=views, events=events, as_of=now,
        )

    async def _orders(self, span: Span, vendor: str | None) -> tuple[Placed, list[Money]]:
        of = {"vendor": vendor} if vendor else {}
        stages: list[dict[str, Any]] = [
            {"$match": {**of, "_id": {"$gte": span.first, "$lt": span.last}}},
            {"$group": {
                "_id": {"status": "$status", "currency": "$currency"}, "n": {"$sum": 1}, "total": {"$sum": "$total"},
            }},
        ]
        by_status: dict[str, int] = {}
        revenue: dict[str, int] = {}
        async for row in self.db.orders.aggregate(stages):
            status, currency = row["_id"].get("status"), row["_id"].get("currency")
            by_status[status] = by_status.get(status, 0) + int(row["n"])
            if currency and status != "cancelled":
                revenue[currency] = revenue.get(currency, 0) + int(row["total"])
        placed, delivered, cancelled = (
            sum(by_status.values()), by_status.get("delivered", 0), by_status.get("cancelled", 0)
        )
        counted = Placed(
            placed=placed, delivered=delivered, cancelled=cancelled, open=placed - delivered - cancelled
        )
        return counted, [Money(currency, amount) for currency, amount in sorted(revenue.items())]

    async def _deliveries(self, span: Span, vendor: str | None) -> tuple[Times, Error]:
        """Numbers come as lists, not as a row a delivery: ten thousand rows take a hundred milliseconds to read."""
        of = {"vendor": vendor} if vendor else {}
        stages: list[dict[str, Any]] = [
            {"$match": {**of, "delivered_at": {"$gte": span.since, "$lt": span.until}}},
            {"$group": {
                "_id": None, "took_s": {"$push": "$took_s"}, "ride_s": {"$push": "$ride_s"},
                "late": {"$sum": {"$cond": ["$late", 1, 0]}}, "error_s": {"$push": "$eta_error_s"},
            }},
        ]
        async for row in self.db.deliveries.aggregate(stages):
            rides, errors = ([each for each in row[name] if each is not None] for name in ("ride_s", "error_s"))
            return times(row["took_s"], rides, int(row["late"])), Error(mean(errors), len(errors))
        return times([], [], 0), Error(None, 0)

    async def _views(self, span: Span, vendor: str | None) -> Viewed:
        products = None
        if vendor is not None:
            cursor = self.db.products.find({"vendor": vendor}, {"_id": 1}).limit(MOST_OF_A_VENDOR)
            products = [row["_id"] async for row in cursor]
        return Viewed(*await self.activity.views(span.since, span.until, products))

    async def _events(self, span: Span) -> dict[str, int]:
        rows = await tally.of_days(self.db, span.since, span.since)
        return {row["type"]: int(row["events"]) for row in rows}


async def _nothing() -> dict[str, int]:
    return {}
