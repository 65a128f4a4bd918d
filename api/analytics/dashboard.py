"""The dashboard: a day's numbers, made once and shown for a while. Today's are forgotten at midnight in UTC."""

from datetime import date, datetime

import msgspec

from api.analytics.numbers import seconds_left, span_of
from api.analytics.store import AnalyticsStore
from api.cache import keys
from api.cache.store import Cache
from infra.settings import Settings


class Dashboard:
    """Asks the store, or the cache before it."""

    def __init__(self, store: AnalyticsStore, cache: Cache, settings: Settings) -> None:
        self.store, self.cache, self.settings = store, cache, settings

    async def daily(self, day: date, vendor: str | None, now: datetime) -> bytes:
        """The day as JSON, of one vendor or of all."""

        async def load() -> bytes:
            return msgspec.json.encode(await self.store.daily(span_of(day), vendor, now))

        if day == now.date():
            key = keys.daily(vendor)
            ttl_s = min(self.settings.cache_ttl_analytics, self.settings.cache_ttl_today, seconds_left(now))
        else:
            key, ttl_s = keys.daily(vendor, day.isoformat()), self.settings.cache_ttl_analytics
        body, _ = await self.cache.fetch(key, ttl_s, load)
        return body or await load()
