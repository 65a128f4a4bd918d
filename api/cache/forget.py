"""What a change makes untrue. Desks call these right after their commit, workers again when its event arrives: should
the process die between its commit and its call, the event is still there.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from api.cache import keys
from api.cache.store import Cache

TOPIC = "cache"  # relay topic: tags that are no longer true, as msgpack
Publish = Callable[[str, bytes], Awaitable[object]]
Drop = Callable[[Sequence[str]], object]


class Forgetting(Exception):
    """The cache could not be told; whoever can shall try again."""


class Forget:
    """`publish` tells the processes; `drop` is this one's own memory."""

    def __init__(self, cache: Cache, publish: Publish, drop: Drop) -> None:
        self.cache, self.publish, self.drop = cache, publish, drop

    async def products(self, changed: Iterable[tuple[str, str, Iterable[str]]]) -> bool:
        """Products as (id, vendor, categories before and after)."""
        tags, names = [keys.PRODUCTS], [keys.products_list(), keys.response("/api/products")]
        for product, vendor, before_and_after in changed:
            path, categories = f"/api/products/{product}", list(before_and_after)
            tags += [keys.product_tag(product), keys.list_tag(vendor, None)]
            tags += [keys.list_tag(None, each) for each in categories]
            names += [keys.farmer_products(vendor), *map(keys.category_products, categories)]
            names += [keys.response(path), keys.response(f"{path}/inventory")]
        return await self._both(tags, names)

    async def stores(self) -> bool:
        """A store, or what customers gave it."""
        return await self._both([keys.STORES], [keys.response("/api/stores")])

    async def orders(self, customer: str, vendor: str) -> bool:
        """The orders of these two."""
        tags = [keys.orders_tag("customer", customer), keys.orders_tag("vendor", vendor)]
        return await self.cache.forget(tags, [keys.orders(customer), keys.farmer_orders(vendor)])

    async def profile(self, user: str) -> bool:
        """Somebody's profile. Its tag goes too, so that no key is left with their name; the next reader draws one."""
        return await self.cache.forget([], [keys.profile(user), keys.tag(keys.profile_tag(user))])

    async def named(self, names: Iterable[str]) -> None:
        """Keys, and patterns with `*`, by hand. Which answers a process still holds is not known: all are dropped."""
        for name in names:
            if "*" in name:
                await self.cache.invalidate(name)
            else:
                await self.cache.delete(name)
        await self._tell([keys.PRODUCTS, keys.STORES, "*"])

    async def _both(self, tags: list[str], names: list[str]) -> bool:
        self.drop(tags)
        told = await self.cache.forget(tags, names)
        await self._tell(tags)
        return told

    async def _tell(self, tags: list[str]) -> None:
        self.drop(tags)
        await self.publish(TOPIC, msgspec.msgpack.encode(tags))
