"""The worker's part `fences`: its table follows the store, and stored points go past it."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from api.geofences.alerts import Alerts
from api.geofences.arrivals import arrive, publish_change, stops_of
from api.geofences.follow import Follower
from api.geofences.store import FenceStore
from api.orders.desk import OrderDesk
from api.orders.dispatch import where_is
from api.orders.store import OrderStore
from city.routing.way import Router
from geo.fences.engine import prepare
from geo.fences.events import Event
from infra.clients import Database
from live.feed import LogFeed
from live.hub import Hub
from live.relay import Relay
from live.store import ChannelLog
from tracking.errands import Errands
from tracking.fencing import LEASE_MS, Fencing, Hear
from tracking.store import TrackingStore


async def watch_fences(
    redis: Any, db: Database, redis_url: str, prefix: str, router: Router | None = None, *, lease_ms: int = LEASE_MS,
    hear: Hear = lambda pings: None,
) -> None:
    """Watch until cancelled; `router` says by which way riders are expected. Outages are waited out.

    `redis` needs a socket timeout above 0.5 s.
    """
    await asyncio.to_thread(prepare)
    relay, channel_log = Relay(redis_url, prefix), ChannelLog(db)
    follower = Follower(FenceStore(db, relay.publish), relay.subscribe)
    feed = LogFeed(Hub(), channel_log, relay)
    alerts = Alerts(db, channel_log, feed, follower.name_of)
    tracking, orders = TrackingStore(redis, prefix), OrderStore(db, channel_log)
    desk = OrderDesk(orders, feed, partial(where_is, tracking), partial(publish_change, relay))

    async def record(events: Sequence[Event]) -> None:
        await alerts.record(events)
        for event in events:
            if event.order is not None and event.fence == "dropoff:arriving":
                await arrive(desk, event.order)

    errands = Errands(redis, prefix, partial(stops_of, orders), router)
    fencing = Fencing(redis, prefix, follower.table, record, errands, lease_ms=lease_ms, hear=hear)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        tasks.create_task(follower.run())
        await follower.ready.wait()  # fixes judged without their fences would have passed them unseen
        await alerts.ensure_indexes()
        await fencing.run(asyncio.Event())
