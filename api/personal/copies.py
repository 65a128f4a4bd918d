"""What Redis holds of somebody. Sessions end elsewhere, the rest goes here; what expires within a minute is left."""

from collections.abc import Sequence
from typing import Any

from api.accounts import keys as account_keys
from api.cache import keys as cache_keys
from api.cache.store import Cache
from api.personal.shelves import Whose, own_channels
from api.rates.rates import kept_under
from chat import keys as chat_keys
from live.recent import RecentWindow
from notifications import keys as notice_keys
from tracking.forgetting import forget_rider

PURPOSES = ("verify", "password_reset")


class Copies:
    """`redis` is the state's server, `cache` the one that may forget."""

    def __init__(self, redis: Any, prefix: str, cache: Cache, recent: RecentWindow) -> None:
        self.redis, self.prefix, self.cache, self.recent = redis, prefix, cache, recent

    async def drop(self, whose: Whose, touched: Sequence[str], now_ms: int) -> None:
        """Their own, and copies of the channels in which something of theirs was changed."""
        names = [chat_keys.here(self.prefix, whose.key)]
        names += [key(self.prefix, whose.sub) for key in (notice_keys.inbox, notice_keys.tally)]
        if whose.email:
            names += [account_keys.verification(self.prefix, whose.email, purpose) for purpose in PURPOSES]
            names += kept_under(self.prefix, whose.email, PURPOSES)
        await self.redis.unlink(*names)
        if whose.role == "rider":
            await forget_rider(self.redis, self.prefix, whose.sub, now_ms)
        await self.recent.drop([*own_channels(whose), *touched])
        await self._uncache(whose)

    async def _uncache(self, whose: Whose) -> None:
        """Keys and tags that are named after somebody: a tag that is gone makes its values dead."""
        sub = whose.sub
        tags = [cache_keys.profile_tag(sub), cache_keys.list_tag(sub, None)]
        tags += [cache_keys.orders_tag(role, sub) for role in ("customer", "vendor")]
        mine = [cache_keys.profile(sub), cache_keys.orders(sub), cache_keys.farmer_orders(sub)]
        await self.cache.delete(*mine, cache_keys.farmer_products(sub), *map(cache_keys.tag, tags))
        if whose.role == "vendor":
            for pattern in (f"{cache_keys.daily()}*:{cache_keys.safe(sub)}", f"{cache_keys.response('')}*{sub}*"):
                await self.cache.invalidate(pattern)
