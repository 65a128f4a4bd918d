"""Who gets an order: the riders near its pick-up who are on shift, fresh and not full, the best of them first.

Ranking is a guess made before the write; whether a rider really has a place left is decided in the transaction.
"""

import time
from collections.abc import Collection
from typing import NamedTuple

import structlog

from api.errors import Refused
from api.orders.desk import OrderDesk
from api.orders.order import Order, Spot
from api.orders.store import OrderStore, Written
from api.planning.shapes import Basis
from api.planning.travel import Travel
from api.rights import Actor
from tracking.messages import Fix
from tracking.position import is_stale
from tracking.store import StoreDown, TrackingStore

log = structlog.get_logger(__name__)
SEARCH_M = 10_000.0
CANDIDATES = 50


class Near(NamedTuple):
    """A rider near a place: how far as the crow flies, and how long by road; None where no street leads."""

    fix: Fix
    distance_m: float
    eta_s: float | None


async def where_is(tracking: TrackingStore, rider: str) -> Spot | None:
    """The rider's place, if it is known and fresh. An order's step does not wait for Redis to recover."""
    try:
        fix = (await tracking.newest([rider])).get(rider)
    except StoreDown as error:
        log.warning("a step is written without its place", rider=rider, error=str(error))
        return None
    return None if fix is None or is_stale(fix, int(time.time() * 1000)) else Spot(lat=fix.lat, lng=fix.lng)


async def by_eta(travel: Travel, lat: float, lng: float, found: list[tuple[Fix, float]]) -> tuple[Basis, list[Near]]:
    """The riders ordered by how soon they can be there; those whom no street leads there come last."""
    times = await travel.times([(fix.lat, fix.lng) for fix, _ in found], [(lat, lng)])
    near = [Near(fix, away_m, row[0]) for (fix, away_m), row in zip(found, times.seconds, strict=True)]
    near.sort(key=lambda each: (each.eta_s is None, each.eta_s or 0.0, each.distance_m, each.fix.rider))
    return times.basis, near


class Dispatch:
    """Finds riders and gives them orders, `most` at a time to each."""

    def __init__(self, tracking: TrackingStore, orders: OrderStore, travel: Travel, desk: OrderDesk, most: int) -> None:
        self.tracking, self.orders, self.travel, self.desk, self.most = tracking, orders, travel, desk, most

    async def candidates(self, order: Order, without: Collection[str] = ()) -> list[Near]:
        """On shift (a live connection), fresh and not full; first those who carry nothing, each group by time to go."""
        found = await self.tracking.near(order.pickup.lat, order.pickup.lng, SEARCH_M, CANDIDATES)
        now_ms = time.time_ns() // 1_000_000
        fresh = [each for each in found if not is_stale(each[0], now_ms) and each[0].rider not in without]
        names = [fix.rider for fix, _ in fresh]
        online, loads = await self.tracking.who_is_online(names), await self.orders.loads(names)
        free = [each for each in fresh if each[0].rider in online and loads.get(each[0].rider, 0) < self.most]
        _, near = await by_eta(self.travel, order.pickup.lat, order.pickup.lng, free)
        return sorted(near, key=lambda each: loads.get(each.fix.rider, 0) > 0)

    async def assign_nearest(self, order: Order, actor: Actor) -> Written | Refused:
        """Give the order to the first candidate who still has a place when it is written.

        All places may be taken while we try: then the candidates are looked up once more before the order is refused.
        """
        for _ in range(2):
            for near in await self.candidates(order):
                rider, before = near.fix.rider, order.rider
                written = await self.desk.assign(order.id, rider, actor, instead_of=before, most=self.most)
                if not isinstance(written, Refused) or written.code != "rider_full":
                    return written
        return Refused("conflict", "No rider who is on shift, fresh and not full is near the pick-up.", "rider_id")
