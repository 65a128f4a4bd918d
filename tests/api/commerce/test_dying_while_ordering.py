"""kill -9 at every moment of an order's placing: all of it stands, or nothing; and its event goes out all the same."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from bson.binary import Binary

from api.orders.store import OrderStore, Written
from infra.clients import Database, open_mongo
from infra.embedded.mongod import Mongod
from live.store import ChannelLog
from tests.api.commerce.dying import place
from tests.api.programs import printed_by

pytestmark = pytest.mark.long

PRODUCT = "p" + "1" * 14
AT_ONCE = 4


@asynccontextmanager
async def shop(mongod: Mongod) -> AsyncIterator[Database]:
    """A database with one product of ten pieces and three of them in a cart."""
    async with open_mongo(mongod.url, f"t{uuid.uuid4().hex[:12]}") as db:
        now = datetime.now(UTC)
        await OrderStore(db, ChannelLog(db)).ensure_indexes()
        await db.products.insert_one({
            "_id": PRODUCT, "vendor": "v1", "kind": "product", "name": "Mango", "description": "", "category": "fruit",
            "price": 100, "currency": "USD", "stock": 10, "duration_min": None, "images": [], "rev": 1,
            "created_at": now, "updated_at": now,
        })
        await db.carts.insert_one({"_id": "c1", "lines": {PRODUCT: 3}, "at": now})
        yield db
        await db.client.drop_database(db.name)


async def standing(db: Database) -> dict[str, Any]:
    """What there is of the order."""
    product, cart = await db.products.find_one({"_id": PRODUCT}), await db.carts.find_one({"_id": "c1"})
    assert product is not None
    assert cart is not None
    counts = {name: await db.get_collection(name).count_documents({}) for name in ("orders", "order_keys", "outbox")}
    return counts | {
        "log": await db.channel_logs.count_documents({}), "stock": product["stock"], "cart": cart["lines"],
        "waiting": await db.outbox.count_documents({"waiting": True, "type": "ORDER_CREATED"}),
    }


NOTHING = {"orders": 0, "order_keys": 0, "outbox": 0, "log": 0, "stock": 10, "cart": {PRODUCT: 3}, "waiting": 0}
ALL = {"orders": 1, "order_keys": 1, "outbox": 1, "log": 3, "stock": 7, "cart": {}, "waiting": 1}


async def die(mongod: Mongod, moment: int, places: asyncio.Semaphore) -> tuple[bool, dict[str, Any], dict[str, Any]]:
    """Whether it lived on, what stood after its death, and what stands after the same request again."""
    async with places, shop(mongod) as db:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.api.commerce.dying", mongod.url, db.name, str(moment),
            stdout=asyncio.subprocess.PIPE,
        )
        lines = (await printed_by(child)).split()
        sessions = [{"id": Binary(bytes.fromhex(each), 4)} for each in dict.fromkeys(lines) if each != "alive"]
        await db.client.admin.command("killSessions", sessions)  # as MongoDB does by itself after a while
        after_death = await standing(db)
        again = await place(db, "second")
        assert isinstance(again, Written)
        return "alive" in lines, after_death, await standing(db)


async def test_an_order_stands_whole_or_not_at_all(mongod: Mongod) -> None:
    """At each of its moments; the same key afterwards gives one order, and its event waits to be published."""
    places = asyncio.Semaphore(AT_ONCE)
    moments, alive = 0, False
    while not alive:
        found = await asyncio.gather(*(die(mongod, moments + each, places) for each in range(AT_ONCE)))
        for lived, after_death, after_retry in found:
            assert after_death in (NOTHING, ALL), f"moment {moments}: {after_death}"
            assert after_death == ALL or not lived
            assert after_retry == ALL, f"moment {moments}: {after_retry}"
            alive = alive or lived
            moments += 1
    assert moments > 14  # commands of the transaction that each had their death
