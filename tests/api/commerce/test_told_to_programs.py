"""What other programs of the marketplace hear from the catalog and orders, and what they may say to the cache."""

import math
from typing import Any

from api.cache.local import Answer
from events.outbox import Outbox
from infra.clients import Database
from infra.settings import Settings
from tests.api.bus.staffed import staffed
from tests.api.commerce.shopping import basket, product
from tests.api.serving import Service, serving
from tests.waiting import until


async def test_a_new_order_is_published_for_its_shop_once(service: Service, redis_client: Any) -> None:
    """`orders:new:{vendor}` hears of the order when it is placed, and of no later step."""
    vendor, customer = service.person("vendor", "v1"), service.person("customer", "c1")
    made = await product(vendor)
    async with redis_client.pubsub() as listening:
        await listening.subscribe(f"{service.app.settings.key_prefix}:orders:new:v1")
        await until(lambda: listening.get_message(timeout=0.1))
        order = (await customer.post("/api/orders", basket((made, 1)))).json()["id"]
        await vendor.steps(order, "accepted")
        message = await until(lambda: listening.get_message(ignore_subscribe_messages=True, timeout=0.1))
        later = await listening.get_message(ignore_subscribe_messages=True, timeout=0.3)
    assert (True, None) == (order.encode() in message["data"], later)


async def test_keys_named_in_an_event_vanish_in_every_process(
    service: Service, settings: Settings, database: Database, redis_client: Any
) -> None:
    """`cache.invalidate` takes away what it names from Redis, and whatever processes hold themselves."""
    async with serving(settings) as second, staffed(settings):
        key, locals_ = f"{settings.key_prefix}:menus:today", [each.app.front.local for each in (service, second)]
        await redis_client.set(key, "soup")
        for local in locals_:
            local.put("menus", (), Answer(b"soup", b""), local.changes, now_s=math.inf)
        await Outbox(database).add("CACHE_INVALIDATE", {"keys": ["menus:today"]}, session=None)

        async def are_gone() -> bool:
            held = [local.get("menus", 0.0) for local in locals_]
            return [None, None] == held and not await redis_client.exists(key)

        await until(are_gone, within_s=20)
