"""What workers forget when an event arrives: the same as the desks did, should they have died before they could.

A cache that cannot be told fails the event, which comes again later.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from api.cache.forget import Forget, Forgetting
from api.cache.store import Cache, open_cache
from events.event import Event
from events.once import Session


@asynccontextmanager
async def forgetting(tools: Any) -> AsyncIterator[Forget]:
    """What can forget. A cache on a server of its own is opened for the event, the state's server is at hand."""
    if tools.settings.redis_cache_url:
        async with open_cache(tools.settings) as cache:
            yield Forget(cache, tools.relay.publish, lambda tags: None)
    else:
        yield Forget(Cache(tools.redis, tools.settings.key_prefix), tools.relay.publish, lambda tags: None)


async def product_changed(event: Event, tools: Any, session: Session) -> None:
    """A product was put up for sale, changed or withdrawn."""
    data = event.data
    categories = [data["category"], *data["categoriesBefore"]]
    async with forgetting(tools) as forget:
        _must(await forget.products([(data["productId"], data["farmerId"], categories)]))


async def order_changed(event: Event, tools: Any, session: Session) -> None:
    """An order was placed or changed; what it took or gave back changed with it."""
    data = event.data
    async with forgetting(tools) as forget:
        _must(await forget.orders(data["userId"], data["farmerId"]))
        ids = [item["product_id"] for item in data["items"] if isinstance(item.get("product_id"), str)]
        if ids and event.type in ("ORDER_CREATED", "ORDER_CANCELLED"):
            cursor = tools.db.products.find({"_id": {"$in": ids}}, {"vendor": 1, "category": 1})
            _must(await forget.products([(row["_id"], row["vendor"], [row["category"]]) async for row in cursor]))


async def named(event: Event, tools: Any, session: Session) -> None:
    """Keys and patterns that somebody named by hand."""
    async with forgetting(tools) as forget:
        await forget.named(event.data["keys"])


def _must(told: bool) -> None:
    if not told:
        raise Forgetting("the cache did not hear what it must forget")
