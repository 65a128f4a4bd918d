"""One lesson: finished deliveries become trips, trips a model, and the model takes over if it passes its exam."""

import asyncio
from typing import Any

import msgspec
import structlog

from api.orders.order import Order, to_ms
from api.orders.store import OrderStore
from city.routing.way import Router, Unanswered
from infra.clients import Database
from live.store import ChannelLog
from tracking.eta.exam import Learned, learn_and_examine
from tracking.eta.harvest import harvest
from tracking.eta.learn import Unlearned
from tracking.eta.samples import Left
from tracking.eta.store import EtaStore
from tracking.tracks import Tracks

log = structlog.get_logger(__name__)
PAGE, MOST_PAGES = 200, 100
ASK_S = 30.0


class Lesson(msgspec.Struct, frozen=True):
    """What came of it. `version` is the stored model's, 0 when there is none to store."""

    gathered: int
    trips: int
    version: int = 0
    accepted: bool = False
    said: str = ""


async def gather(db: Database) -> int:
    """Keep a trip of every delivered order that has none yet; how many were new."""
    orders, tracks, store = OrderStore(db, ChannelLog(db)), Tracks(db), EtaStore(db)
    await store.ensure_indexes()
    after, new = None, 0
    for _ in range(MOST_PAGES):
        page = await orders.page({"status": "delivered"}, after, PAGE)
        unknown = set(await store.unknown([order.id for order in page]))
        for order in page:
            if order.id in unknown:
                await _gather_one(order, tracks, store)
        new += len(unknown)
        if not unknown or len(page) < PAGE:
            break
        after = page[-1].id
    return new


async def _gather_one(order: Order, tracks: Tracks, store: EtaStore) -> None:
    began_ms, ended_ms = to_ms(order.reached("picked_up")), to_ms(order.reached("delivered"))
    page = await tracks.read(order.rider or "", began_ms, ended_ms + 1)
    points = [(point.ts / 1000, point.lat, point.lng) for point in page.points]
    await store.add(harvest(order.id, points, (order.dropoff.lat, order.dropoff.lng), ended_ms / 1000), order.id)


async def teach(db: Database, router: Router) -> Lesson:
    """Gather, learn in a thread, examine, store. The previous model stays when the new one fails."""
    store = EtaStore(db)
    gathered = await gather(db)
    trips = await store.trips()
    version = await store.version()
    previous = None
    if version:
        try:
            previous = await store.model(version)
        except ValueError as error:
            log.warning("the model before cannot be read; the new one is examined alone", reason=str(error))
    left = blocking(router, asyncio.get_running_loop())
    found = await asyncio.to_thread(learn_and_examine, trips, left, previous)
    if isinstance(found, Unlearned):
        return Lesson(gathered, len(trips), said=found.reason)
    return await _store(store, found, gathered, len(trips))


async def _store(store: EtaStore, found: Learned, gathered: int, trips: int) -> Lesson:
    version = await store.keep(found)
    return Lesson(gathered, trips, version, found.verdict.accepted, found.verdict.reason)


def blocking(router: Router, loop: asyncio.AbstractEventLoop) -> Left:
    """Ask a router of the loop from another thread."""

    def left(lat: float, lng: float, to_lat: float, to_lng: float) -> tuple[float, float] | None:
        asked: Any = asyncio.run_coroutine_threadsafe(router.way((lat, lng), (to_lat, to_lng)), loop)
        try:
            way = asked.result(ASK_S)
        except Unanswered:
            return None
        return (way.duration_s, way.distance_m) if way is not None else None

    return left
