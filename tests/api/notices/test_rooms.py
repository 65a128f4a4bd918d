"""What is said in rooms: who reads it hears nothing, who does not is told once, and a chatty room once in a while."""

import asyncio
import time
import uuid

import pytest

from api.catalog.store import ProductStore
from api.consumers import Tools
from api.notices.truth import Truth
from events.event import Event
from infra.clients import Database
from notifications.digest import LOOK_MS, Digests
from tests.api.notices.telling import deliver, listed
from tests.api.serving import Person, Service
from tests.waiting import until

ROOM = "vendor_v1_customer_c1"


@pytest.fixture
def digests(service: Service) -> Digests:
    """What a worker does with what was said."""
    world = service.app.world
    products = ProductStore(world.orders.db)
    truth = Truth(
        world.orders, world.hall.store, world.hall.registry, world.offers.store, products, world.tracking
    )
    return Digests(world.orders.db, world.board.desk.store, truth.unread)


async def say(person: Person, text: str) -> str:
    """Say something in the room; the message's id."""
    body = {"client_id": str(uuid.uuid4()), "text": text}
    answer = await person.post(f"/api/rooms/{ROOM}/messages", body)
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["message_id"])


async def look(digests: Digests, database: Database, tools: Tools, message: str) -> None:
    """Let the moment pass in which a reader may still read this, and let a worker look."""
    await until(lambda: database.notification_digests.find_one({"data.message": message, "waiting": True}))
    await database.notification_digests.update_many({}, {"$inc": {"due_ms": -LOOK_MS}})
    await work(digests, database, tools)


async def work(digests: Digests, database: Database, tools: Tools) -> None:
    """What is due becomes events, and these are heard, twice each."""
    await digests.tell_due()
    async for row in database.outbox.find({"type": "CHAT_MESSAGE_UNREAD"}).sort("_id", 1):
        for _ in range(2):
            await deliver(tools, Event(id=row["_id"], type=row["type"], timestamp=row["at"], data=row["data"]))


async def test_who_does_not_look_is_told_once_and_then_gathered(
    service: Service, digests: Digests, database: Database, tools: Tools
) -> None:
    """The first message as one, without its words; those after it in one notification, when the while is over."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    await customer.post("/api/rooms", {"vendor_id": "v1"})
    await look(digests, database, tools, await say(vendor, "hello there"))
    (first,) = (await listed(customer))["items"]
    assert ("chat.unread", "Message from the vendor", "1 unread message", f"room:{ROOM}") == (
        first["kind"], first["title"], first["body"], first["collapse"]
    )
    row = await database.outbox.find_one({"type": "CHAT_MESSAGE_UNREAD"})
    assert row is not None
    assert ("c1", "customer", "v1", "vendor", 1) == tuple(
        row["data"][name] for name in ("userId", "role", "senderId", "senderRole", "unread")
    )
    assert "preview" not in row["data"]
    newest = [await say(vendor, text) for text in ("one more", "and more", "and more still")][-1]
    await look(digests, database, tools, newest)
    assert 1 == len((await listed(customer))["items"])
    await database.notification_digests.update_many({}, {"$set": {"due_ms": 0}})
    await work(digests, database, tools)
    assert "4 unread messages" == (await listed(customer))["items"][0]["body"]
    assert [] == (await listed(vendor))["items"]


async def test_who_looks_at_the_room_hears_nothing(
    service: Service, digests: Digests, database: Database, tools: Tools
) -> None:
    """A message that was read within the moment is told to nobody; nor is one of a muted room."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    await customer.post("/api/rooms", {"vendor_id": "v1"})
    said = await say(vendor, "look here")
    await customer.post(f"/api/rooms/{ROOM}/marks", {"read": 1})
    await look(digests, database, tools, said)
    assert [] == (await listed(customer))["items"]
    assert 0 == await database.outbox.count_documents({"type": "CHAT_MESSAGE_UNREAD"})
    row = await database.notification_digests.find_one({})
    assert row is not None
    assert not row["waiting"]


async def test_what_a_worker_did_not_get_said_the_next_one_says(
    service: Service, digests: Digests, database: Database
) -> None:
    """Who hangs with a claim says nothing once it has ended; another worker says it, once, and not before."""
    world, hangs = service.app.world, asyncio.Event()

    async def never(user: str, role: str, room: str) -> int:
        hangs.set()
        await asyncio.Event().wait()
        return 1

    slow = Digests(world.orders.db, world.board.desk.store, never, lease_ms=1500)
    await service.person("customer", "c1").post("/api/rooms", {"vendor_id": "v1"})
    said = await say(service.person("vendor", "v1"), "hello there")
    await until(lambda: database.notification_digests.find_one({"data.message": said, "waiting": True}))
    await database.notification_digests.update_many({}, {"$inc": {"due_ms": -LOOK_MS}})
    hanging = asyncio.create_task(slow.tell_due())
    await hangs.wait()
    claimed = await database.notification_digests.find_one({})
    assert await until(digests.tell_due)
    assert claimed is not None
    assert claimed["due_ms"] <= time.time_ns() // 1_000_000
    assert 1 == await hanging
    assert 1 == await database.outbox.count_documents({"type": "CHAT_MESSAGE_UNREAD"})
    row = await database.notification_digests.find_one({})
    assert row is not None
    assert (False, False) == (row["waiting"], "claim" in row)
