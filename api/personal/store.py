"""The shelves in MongoDB: handed out, emptied, and what stays of a customer's orders blurred. All may run twice."""

from typing import Any

from api.personal.shelves import SHELVES, Whose, in_logs
from api.rights import ENDED
from infra.clients import Database
from live.store import plain

Row = dict[str, Any]
MOST_ROWS = 1000
ORDERS_AT_ONCE = 500
AT_THE_DOOR = ["arriving", "delivered"]
BLURRED: list[Row] = [{"$unset": ["dropoff.address"]}, {"$set": {
    "dropoff": {"lat": {"$round": ["$dropoff.lat", 2]}, "lng": {"$round": ["$dropoff.lng", 2]}},
    "tracking_events": {"$map": {"input": {"$ifNull": ["$tracking_events", []]}, "as": "step", "in": {"$mergeObjects": [
        "$$step", {"notes": None},
        {"$cond": [{"$in": ["$$step.status", AT_THE_DOOR]}, {"location": None}, {}]},
    ]}}},
    "blurred": True,
}}]


class PersonalStore:
    """Raises what the driver raises."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def export(self, whose: Whose) -> tuple[dict[str, list[Row]], list[str]]:
        """What there is on each shelf, at most MOST_ROWS, and the names of the shelves that hold more."""
        found: dict[str, list[Row]] = {}
        cut = []
        for shelf in SHELVES:
            if not shelf.shown:
                continue
            cursor = self.db[shelf.collection].find(shelf.about(whose)).sort("_id", -1).limit(MOST_ROWS + 1)
            rows = [plain(row) async for row in cursor]
            if len(rows) > MOST_ROWS:
                cut.append(shelf.shown)
            found[shelf.shown] = [
                {"id": str(row.pop("_id")), **{key: each for key, each in row.items() if key not in shelf.hidden}}
                for row in rows[:MOST_ROWS]
            ]
        return found, cut

    async def empty(self, whose: Whose) -> None:
        """Take away every document of the shelves that are erased."""
        for shelf in SHELVES:
            if shelf.end == "erased":
                await self.db[shelf.collection].delete_many(shelf.about(whose))

    async def blur(self, whose: Whose) -> list[str]:
        """What a customer said and where they live go out of their ended orders; the channels that told of those."""
        if whose.role != "customer":
            return []
        await self.db.ratings.update_many({"customer": whose.sub}, {"$set": {"customer": "", "comment": ""}})
        await self.db.appointments.update_many({"customer": whose.sub}, {"$set": {"note": ""}})
        touched: set[str] = set()
        sharp = {"customer": whose.sub, "status": {"$in": sorted(ENDED)}, "blurred": {"$exists": False}}
        while rows := await self.db.orders.find(sharp, {"vendor": 1}).limit(ORDERS_AT_ONCE).to_list(None):
            ids = [row["_id"] for row in rows]
            channels = {f"vendor:{row['vendor']}" for row in rows} | {"ops"}
            for channel in sorted(channels):
                await self._unsay({**in_logs(channel), "item.order": {"$in": ids}})
            for each in ids:
                await self._unsay(in_logs(f"order:{each}"))
            await self.db.eta_trips.delete_many({"_id": {"$in": ids}})
            touched |= channels | {f"order:{each}" for each in ids}
            await self.db.orders.update_many({"_id": {"$in": ids}}, BLURRED)  # last: these are not looked for again
        return sorted(touched)

    async def under_way(self, whose: Whose) -> bool:
        """Whether an order of theirs has not ended."""
        if whose.role not in ("customer", "vendor", "rider"):
            return False
        running = {whose.role: whose.sub, "status": {"$nin": sorted(ENDED)}}
        return await self.db.orders.find_one(running, {"_id": 1}) is not None

    async def drop_pictures(self, names: list[str]) -> None:
        """Take away pictures that no product shows."""
        sizes = ("small", "medium", "large")
        shown: set[str] = set()
        anywhere = {"$or": [{f"images.{size}": {"$in": names}} for size in sizes]}
        async for row in self.db.products.find(anywhere, {"images": 1}):
            shown |= {image[size] for image in row["images"] for size in sizes if size in image}
        await self.db.images.delete_many({"_id": {"$in": [name for name in names if name not in shown]}})

    async def _unsay(self, query: Row) -> None:
        await self.db.channel_logs.update_many(query, {"$unset": {"item.note": "", "item.comment": ""}})
