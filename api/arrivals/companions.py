"""The orders a rider carries at the same time, remembered for a moment: each moves the others' arrivals."""

import time
from collections.abc import Callable

import structlog

from api.orders.store import OrderStore
from api.rights import ENDED
from infra.clients import UNREACHABLE
from tracking.delivery import Delivery

log = structlog.get_logger(__name__)
KEPT_S = 10.0
MOST_ORDERS, MOST_RIDERS = 20, 20_000


class Companions:
    """Asks the orders; a rider's answer is good for KEPT_S. Without an answer, every order is alone."""

    def __init__(self, orders: OrderStore, now_s: Callable[[], float] = time.monotonic) -> None:
        self._orders, self._now_s = orders, now_s
        self._known: dict[str, tuple[float, list[Delivery]]] = {}

    async def of(self, rider: str) -> list[Delivery]:
        """What the rider carries or is to fetch."""
        now_s, known = self._now_s(), self._known.get(rider)
        if known is not None and now_s - known[0] < KEPT_S:
            return known[1]
        try:
            page = await self._orders.page({"rider": rider, "status": {"$nin": sorted(ENDED)}}, None, MOST_ORDERS)
        except UNREACHABLE as error:
            log.warning("an arrival time without the rider's other orders", error=type(error).__name__)
            return known[1] if known is not None else []
        if len(self._known) >= MOST_RIDERS:
            self._known.clear()
        found = [order.delivery for order in page]
        self._known[rider] = now_s, found
        return found
