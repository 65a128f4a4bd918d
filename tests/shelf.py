"""Databases that hold what a service makes when it starts, and nothing else: taken by one test after another.

A service makes some eighty indexes; in a database of its own each costs MongoDB a file, a quarter of a second of CPU in
all. So a test that begins with a running service gets one in which they stand already. It is emptied when it is taken,
long after the test before it: whatever that one's last thread still wrote is gone too. One in which a test made other
indexes is never taken again.
"""

import asyncio
import uuid
from collections import deque

import msgspec

from api.cache.store import open_cache
from api.world import World
from infra.clients import Database, open_mongo, open_redis
from infra.settings import Settings
from live.meters import Meters
from tests.api.serving import SECRET
from tracking.store import TrackingStore

RESTING = 4  # as many lie between two tests that use the same


class Shape(msgspec.Struct, frozen=True):
    """The collections that a service makes, and how many indexes they have in all."""

    collections: frozenset[str]
    indexes: int


class Shelf:
    """`take` one and `put` it back; every name is a database of its own until then."""

    def __init__(self, redis_url: str, mongo_url: str) -> None:
        self.redis_url, self.mongo_url = redis_url, mongo_url
        self._resting: deque[str] = deque()
        self._shape: Shape | None = None

    async def take(self) -> str:
        """An empty database with a service's indexes, or one that is not there yet."""
        shape = self._shape = self._shape or await self._made()
        while len(self._resting) > RESTING:
            name = self._resting.popleft()
            async with open_mongo(self.mongo_url, name) as db:
                if await is_again(db, shape):
                    return name
                await db.client.drop_database(name)
        return f"t{uuid.uuid4().hex[:12]}"

    def put(self, name: str) -> None:
        """Nobody uses it any more."""
        self._resting.append(name)

    async def _made(self) -> Shape:
        """What a service makes where nothing is."""
        name = f"t{uuid.uuid4().hex[:12]}"
        settings = Settings(
            redis_url=self.redis_url, mongo_url=self.mongo_url, mongo_db=name, key_prefix=name, jwt_secret=SECRET
        )
        async with (
            open_mongo(self.mongo_url, name) as db, open_redis(self.redis_url) as redis, open_cache(settings) as cache
        ):
            world = World(settings, db, TrackingStore(redis, name), Meters(), redis, cache)
            await world.ensure_indexes()
            await world.accounts.close()
            shape = Shape(frozenset(await db.list_collection_names()), await _indexes(db))
            await db.client.drop_database(name)
        return shape


async def is_again(db: Database, shape: Shape) -> bool:
    """Take out what the last test left; whether it is now as a service makes it."""
    there = set(await db.list_collection_names())
    await asyncio.gather(*(db.drop_collection(name) for name in there - shape.collections))
    await asyncio.gather(*(_emptied(db, name) for name in there & shape.collections))
    return shape.collections <= there and shape.indexes == await _indexes(db)


async def _indexes(db: Database) -> int:
    told = await db.command("dbStats")
    return int(told["indexes"])


async def _emptied(db: Database, name: str) -> None:
    if await db.get_collection(name).estimated_document_count():
        await db.get_collection(name).delete_many({})
