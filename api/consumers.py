"""Who reacts to what, all of it. A line here is a handler on a queue of `events/topology.py`.

To react to something, write `async def handler(event, tools, session)` (see `events/reaction.py`) and add it under the
event's routing key, with a name that no other reaction has and the queue whose workers shall run it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from api.analytics import tally
from api.cache import reactions as caches
from api.notices import reactions as notices
from api.pictures import reactions as pictures
from events.outbox import Outbox
from events.reaction import Reaction
from infra.clients import Database
from infra.settings import Settings
from live.feed import LogFeed
from live.hub import Hub
from live.recent import RecentWindow
from live.relay import Relay
from live.store import ChannelLog


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What handlers are handed. `redis` answers raw bytes; `log` and `feed` tell channels, the outbox other workers."""

    settings: Settings
    db: Database
    redis: Any
    outbox: Outbox
    log: ChannelLog
    feed: LogFeed
    relay: Relay

    async def ensure_indexes(self) -> None:
        """Make what handlers' collections must have."""
        await self.outbox.ensure_indexes()
        await tally.ensure_indexes(self.db)


@asynccontextmanager
async def open_tools(settings: Settings, db: Database, redis: Any) -> AsyncIterator[Tools]:
    """What a worker's handlers need, made of opened clients."""
    log = ChannelLog(db)
    relay = Relay(settings.redis_url, settings.key_prefix)
    feed = LogFeed(Hub(), log, relay, RecentWindow(redis, settings.key_prefix))
    try:
        yield Tools(settings=settings, db=db, redis=redis, outbox=Outbox(db), log=log, feed=feed, relay=relay)
    finally:
        await relay.close()


FORGET = Reaction("forget", "product_updates", caches.product_changed)
FORGET_ORDER = Reaction("forget", "order_processing", caches.order_changed)
COUNT = Reaction("count", "analytics", tally.count)
NOTIFY = Reaction("notify", "notifications", notices.order_changed)
WEBHOOKS = Reaction("webhooks", "notifications", notices.take_for_webhooks)

ON: Final[dict[str, tuple[Reaction, ...]]] = {
    "order.created": (FORGET_ORDER, COUNT, NOTIFY, WEBHOOKS),
    "order.updated": (FORGET_ORDER, COUNT, NOTIFY, WEBHOOKS),
    "order.cancelled": (FORGET_ORDER, COUNT, NOTIFY, WEBHOOKS),
    "product.created": (FORGET, COUNT, WEBHOOKS),
    "product.updated": (FORGET, COUNT),
    "product.deleted": (FORGET, COUNT),
    "image.uploaded": (Reaction("press", "image_processing", pictures.uploaded),),
    "cache.invalidate": (Reaction("forget", "product_updates", caches.named),),
    "notification.send": (Reaction("notify", "notifications", notices.send),),
    "chat.message.unread": (Reaction("notify", "notifications", notices.chat_unread),),
    "geofence.enter": (WEBHOOKS,),
    "geofence.exit": (WEBHOOKS,),
    "rider.arriving": (Reaction("notify", "notifications", notices.rider_arriving), WEBHOOKS),
    "rider.offered": (Reaction("notify", "notifications", notices.rider_offered),),
    "rider.silent": (Reaction("notify", "notifications", notices.rider_silent), WEBHOOKS),
    "stock.low": (Reaction("notify", "notifications", notices.stock_low), WEBHOOKS),
}
