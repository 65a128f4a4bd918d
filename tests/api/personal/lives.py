"""A customer, a shop and a rider who leave something everywhere, and a look into everything."""

import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import redis.asyncio as aioredis

from infra.clients import Database
from tests.api.accounts.people import Member, Newcomers
from tests.api.commerce.shopping import basket, product, store
from tests.api.images.test_press import encoded, striped
from tests.api.serving import DOOR, Person
from tests.notifications.outside import Browser
from tests.waiting import until

NAMES = {"customer": "Anastasia Quill", "vendor": "Lolabel Mango", "rider": "Ricobert Wheel"}
DOOR_WORDS, NOTE, PHONE = "Flat 7, Blue Stairs", "ring at the red bell", "+639171234567"


class Lives(NamedTuple):
    """The three, and an order that was delivered."""

    customer: Member
    vendor: Member
    rider: Member
    order: str


async def signed_up(newcomers: Newcomers, role: str) -> Member:
    """Somebody of this role, by the role's name."""
    answer = await newcomers.register_with(email=f"{role}@shop.example", role=role, name=NAMES[role])
    assert 201 == answer.status_code, answer.text
    return newcomers.of(await newcomers.login(role))


async def must(answer: Any) -> dict[str, Any]:
    """The body of an answer that must be one."""
    assert answer.is_success, answer.text
    return dict(answer.json()) if answer.content else {}


async def live(newcomers: Newcomers, db: Database) -> Lives:
    """Everything that one can leave behind. A worker must run."""
    customer, vendor, rider = [await signed_up(newcomers, role) for role in ("customer", "vendor", "rider")]
    admin = newcomers.service.person("admin", "a1")
    for person in (customer, vendor, rider):
        await everybody(person, admin, db)
    await store(vendor)
    mango = await product(vendor)
    await pictured(vendor, mango["id"])
    await booked(customer, vendor)
    await must(await customer.http.put(f"/api/cart/items/{mango['id']}", json={"quantity": 2}))
    body = basket((mango, 1), vendor_id=vendor.sub, dropoff=DOOR | {"address": DOOR_WORDS})
    placed = await customer.post("/api/orders", body, headers={"Idempotency-Key": "k1"})
    order = str((await must(placed))["id"])
    await must(await customer.post(f"/api/orders/{order}/share"))
    await talked(customer, vendor)
    await delivered(order, admin, rider)
    await must(await customer.post(f"/api/orders/{order}/rating", {"stars": 5, "comment": NOTE}))
    for person in (customer, vendor, rider):
        await must(await person.get("/api/orders"))
        await until(lambda person=person: db.notifications.find_one({"user": person.sub}), within_s=30)
    await until(lambda: db.tracks.find_one({}), within_s=30)
    await must(await vendor.get("/api/analytics/daily"))
    await must(await customer.get(f"/api/products?vendor={vendor.sub}"))
    return Lives(customer, vendor, rider, order)


async def everybody(person: Member, admin: Person, db: Database) -> None:
    """What has nothing to do with one's role."""
    contact = {"email": f"{person.sub}@home.example", "phone": PHONE}
    await must(await admin.http.put(f"/api/contacts/{person.sub}", json=contact))
    endpoint = f"https://93.184.215.14/{person.sub}"
    await must(await person.post("/api/push/subscriptions", Browser().subscription(endpoint)))
    seen = {"action": "page_view", "timestamp": datetime.now(UTC).isoformat()}
    await must(await person.post("/api/activity", {"session_id": "s1", "events": [seen]}))
    await must(await person.get("/api/users/me"))
    await db.identities.insert_one({"_id": f"acme|{person.sub}", "account": person.sub})
    async with person.socket("phone") as socket:
        assert person.sub == socket.welcome["sub"]


async def pictured(vendor: Member, product_id: str) -> None:
    """The product has a picture."""
    files = {"file": ("mango.png", encoded(striped(), "PNG"), "image/png")}
    job = (await must(await vendor.http.post(f"/api/products/{product_id}/images", files=files)))["id"]

    async def is_done() -> bool:
        told = await must(await vendor.get(f"/api/jobs/{job}"))
        assert "failed" != told["state"], told
        return bool(told["state"] == "done")

    await until(is_done, within_s=30, every_s=1.0)


async def booked(customer: Member, vendor: Member) -> None:
    """An appointment tomorrow, with a note."""
    haircut = await product(vendor, name="Haircut", kind="service", stock=None)
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    wanted = {"product_id": haircut["id"], "starts_at": at, "note": NOTE}
    await must(await customer.post("/api/appointments", wanted))


async def talked(customer: Member, vendor: Member) -> None:
    """A word each way."""
    room = (await must(await customer.post("/api/rooms", {"vendor_id": vendor.sub})))["id"]
    for person in (customer, vendor):
        said = {"client_id": str(uuid.uuid4()), "text": f"{NOTE}, says {NAMES['customer']}"}
        await must(await person.post(f"/api/rooms/{room}/messages", said))
        await must(await person.get(f"/api/rooms/{room}/messages"))


async def delivered(order: str, admin: Person, rider: Member) -> None:
    """Carried by the rider, whose phone tells where they are."""
    await must(await admin.post(f"/api/orders/{order}/assign", {"rider_id": rider.sub}))
    await admin.steps(order, "accepted", "preparing", "ready", "picked_up")
    phone = await must(await rider.post("/api/devices", {"name": "phone"}))
    here = {"lat": "14.604321", "lon": "120.989876", "timestamp": str(int(time.time()) + 1), "accuracy": "5"}
    assert (await rider.http.get(urlsplit(phone["url"]).path, params=here)).is_success
    for status in ("arriving", "delivered"):
        if (await must(await admin.get(f"/api/orders/{order}")))["status"] != status:
            await must(await admin.post(f"/api/orders/{order}/status", {"status": status, "note": NOTE}))


async def documents_with(db: Database, words: Iterable[str]) -> dict[str, list[str]]:
    """Each of the words that stands anywhere in MongoDB, with its collections."""
    found: dict[str, list[str]] = {}
    for name in sorted(await db.list_collection_names()):
        text = str([row async for row in db[name].find()])
        for word in words:
            if word in text:
                found.setdefault(word, []).append(name)
    return found


async def keys_with(redis: aioredis.Redis, prefix: str, words: Iterable[str]) -> dict[str, list[str]]:
    """Each of the words that stands in a key of the deployment or in what it holds, with those keys."""
    found: dict[str, list[str]] = {}
    async for key in redis.scan_iter(f"{prefix}:*"):
        text = f"{key.decode()} {await value_of(redis, key)}"
        for word in words:
            if word in text:
                found.setdefault(word, []).append(key.decode().removeprefix(f"{prefix}:"))
    return found


async def value_of(redis: Any, key: bytes) -> object:
    """All that a key holds, whatever its type."""
    match await redis.type(key):
        case b"string":
            return await redis.get(key)
        case b"hash":
            return await redis.hgetall(key)
        case b"zset":
            return await redis.zrange(key, 0, -1)
        case b"list":
            return await redis.lrange(key, 0, -1)
        case b"set":
            return await redis.smembers(key)
        case b"stream":
            return await redis.xrange(key)
    return ""
