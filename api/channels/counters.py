"""How many riders report and how many orders are open: counted at most once in FRESH_S, told when it changed."""

import asyncio
import time
from typing import Any

import structlog

from api.orders.store import OrderStore, Unanswered
from live.hub import Hub
from live.push import Push
from live.store import Unreadable
from tracking.area import SILENT_AFTER_S
from tracking.store import StoreDown, TrackingStore

FRESH_S = 5.0

log = structlog.get_logger(__name__)


class Counters:
    """The counters of the service, as every process counts them for its own watchers of `ops`."""

    def __init__(self, hub: Hub, orders: OrderStore, store: TrackingStore) -> None:
        self._hub, self._orders, self._store = hub, orders, store
        self._counting = asyncio.Lock()
        self._counted_s = -FRESH_S
        self._newest: dict[str, Any] = {}

    async def fresh(self) -> dict[str, Any]:
        """{type, riders, orders}: riders who reported within 180 s, open orders by status. Raises Unreadable."""
        async with self._counting:
            if time.monotonic() - self._counted_s >= FRESH_S:
                await self._count()
        return self._newest

    async def run(self) -> None:
        """Count for as long as somebody watches `ops`."""
        while True:
            await asyncio.sleep(FRESH_S)
            if self._hub.watchers("ops"):
                try:
                    await self.fresh()
                except Unreadable as error:
                    log.warning("nothing was counted", error=str(error))

    async def _count(self) -> None:
        now_ms = time.time_ns() // 1_000_000
        try:
            riders = await self._store.count_heard_since(now_ms - round(SILENT_AFTER_S * 1000))
            orders = await self._orders.count_open()
        except (Unanswered, StoreDown) as error:
            raise Unreadable(f"riders and orders cannot be counted: {error}") from error
        counters = {"type": "counters", "riders": riders, "orders": orders}
        self._counted_s = time.monotonic()
        if counters != self._newest:
            self._newest = counters
            self._hub.latest("ops", "counters", now_ms, Push(counters))
