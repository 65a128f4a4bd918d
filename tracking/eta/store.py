"""Models and finished trips in MongoDB. Collections: `eta_models` (`_id` the version, 1, 2, 3 …), `eta_trips`, and
`street_paces` (`_id` the version too), which keeps what the streets were like for a day.

A model's document keeps what its exam said; refused ones are kept without their bytes, so that one can read why. A
trip's document holds its points as columns and is forgotten after KEPT_DAYS.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError, PyMongoError

from tracking.eta.exam import Learned
from tracking.eta.model import Model
from tracking.eta.samples import Trip

KEPT_DAYS = 180
MOST_TRIPS = 20_000
PACES_KEPT_S = 86_400
Unanswered = PyMongoError


class EtaStore:
    """`db` is the database handed in."""

    def __init__(self, db: Any) -> None:
        self._models, self._trips = db.get_collection("eta_models"), db.get_collection("eta_trips")

    async def ensure_indexes(self) -> None:
        """Make what is missing; harmless when it stands."""
        await self._trips.create_index("kept_at", expireAfterSeconds=KEPT_DAYS * 86_400)
        await self._trips.create_index([("first_s", ASCENDING)])
        await self._models.create_index([("accepted", ASCENDING), ("_id", DESCENDING)])

    async def version(self) -> int:
        """The version that may answer; 0 when there is none."""
        found = await self._models.find_one({"accepted": True}, {"_id": 1}, sort=[("_id", DESCENDING)])
        return int(found["_id"]) if found else 0

    async def model(self, version: int) -> Model:
        """A version's model. Raises ValueError when it is gone, damaged, or made for other columns."""
        found = await self._models.find_one({"_id": version})
        if not found or not found.get("model"):
            raise ValueError(f"there is no model {version}")
        return Model.decode(bytes(found["model"]))

    async def keep(self, learned: Learned) -> int:
        """Write a model with its exam; its version."""
        verdict, known = learned.verdict, learned.model.known
        document = {
            "at": datetime.now(UTC), "accepted": verdict.accepted, "exam": msgspec.to_builtins(verdict),
            "known": msgspec.to_builtins(known), "model": learned.model.encode() if verdict.accepted else None,
        }
        while True:
            newest = await self._models.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
            version = int(newest["_id"]) + 1 if newest else 1
            try:
                await self._models.insert_one({"_id": version, **document})
            except DuplicateKeyError:  # another worker was faster
                continue
            return version

    async def unknown(self, orders: Sequence[str]) -> list[str]:
        """Those of the orders that no trip is kept of."""
        kept = {row["_id"] async for row in self._trips.find({"_id": {"$in": list(orders)}}, {"_id": 1})}
        return [order for order in orders if order not in kept]

    async def add(self, trip: Trip | None, order: str) -> None:
        """Keep a finished trip; None is an order whose way teaches nothing, kept so that it is not looked at again."""
        points = trip.points if trip is not None else ()
        at_s, lat, lng = (list(column) for column in zip(*points, strict=True)) if points else ([], [], [])
        document = {"at_s": at_s, "lat": lat, "lng": lng, "kept_at": datetime.now(UTC)}
        if points:
            document["first_s"] = at_s[0]
        await self._trips.replace_one({"_id": order}, document, upsert=True)

    async def trips(self) -> list[Trip]:
        """The newest trips that teach something, in order of start."""
        cursor = self._trips.find({"first_s": {"$gt": 0}}).sort("first_s", DESCENDING).limit(MOST_TRIPS)
        return [_trip(document) async for document in cursor][::-1]


class PaceStore:
    """Versions in MongoDB; raises what the driver raises."""

    def __init__(self, db: Any) -> None:
        self._paces = db.get_collection("street_paces")

    async def ensure_indexes(self) -> None:
        """How they are forgotten."""
        await self._paces.create_index("at", expireAfterSeconds=PACES_KEPT_S)

    async def keep(self, slowness: bytes, edges: int) -> int:
        """A new version; its number."""
        while True:
            newest = await self._paces.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
            version = int(newest["_id"]) + 1 if newest else 1
            try:
                await self._paces.insert_one(
                    {"_id": version, "at": datetime.now(UTC), "edges": edges, "slowness": slowness}
                )
            except DuplicateKeyError:
                continue
            return version

    async def newest(self) -> tuple[int, float, bytes] | None:
        """(version, age in seconds, what it says), or None."""
        found = await self._paces.find_one({}, sort=[("_id", DESCENDING)])
        if found is None:
            return None
        age_s = time.time() - found["at"].replace(tzinfo=UTC).timestamp()
        return int(found["_id"]), age_s, bytes(found["slowness"])


def _trip(document: Mapping[str, Any]) -> Trip:
    points = zip(document["at_s"], document["lat"], document["lng"], strict=True)
    return Trip(str(document["_id"]), tuple(points))
