"""Serving processes as far as channels go, on real servers, and the people who connect to them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio as aioredis

from api.channels.counters import Counters
from api.channels.kinds import channel_kinds
from api.errors import Refused
from api.orders.desk import Draft, OrderDesk
from api.orders.news import OrderNews
from api.orders.order import Order, Spot, Status
from api.orders.share import Shares
from api.orders.store import OrderStore, Written
from api.rights import Actor
from api.socket.engine import Engine
from api.socket.sockets import Services, Sockets
from client.reconnect import Ridewire
from client.watcher import Watcher
from client.wire import Message
from infra.clients import Database
from live.feed import LogFeed
from live.hub import Hub
from live.meters import Meters
from live.relay import Relay
from live.store import ChannelLog
from tests.api.socket.running import running
from tests.ending import cancelled
from tests.tracking.rides import now_ms, remembers_nothing
from tracking.presence import TOPIC as PRESENCE
from tracking.presence import Attendance
from tracking.report import Reporter
from tracking.store import TrackingStore
from tracking.vigil import Vigil
from tracking.watch import Watch

STEPS: tuple[Status, ...] = ("accepted", "preparing", "ready", "picked_up", "arriving", "delivered")
ADMIN = Actor(sub="boss", role="admin", expires_at=1e12)


class Process:
    """One serving process: sockets, reports, watching and the order desk."""

    def __init__(self, db: Database, redis: aioredis.Redis, redis_url: str, prefix: str) -> None:
        self.hub, self.log = Hub(), ChannelLog(db)
        self.store = TrackingStore(redis, prefix)
        self.relay = Relay(redis_url, prefix)
        self.feed = LogFeed(self.hub, self.log, self.relay)
        self.watch = Watch(self.hub, self.relay.subscribe, self.store, now_ms)
        self.attendance = Attendance(self.store, self.relay.publish, now_ms)
        self.vigil = Vigil(self.watch, self.attendance)
        self.reporter = Reporter(self.store, remembers_nothing, on_fixes=self.watch.fixes)
        self.orders = OrderStore(db, self.log)
        self.counters = Counters(self.hub, self.orders, self.store)
        services = Services(
            authenticate=authenticate, report=self.reporter.report, hub=self.hub, log=self.log, feed=self.feed,
            kinds=channel_kinds(self.watch, self.orders, self.counters),
            connected=self._connected, gone=self._gone,
        )
        self.sockets = Sockets(services, meters=Meters())
        self.news = OrderNews(
            self.orders, Shares(db, self.orders.get), self.relay, watched=lambda: self.watch.scenes, apply=self._apply,
            catch_up=self.feed.catch_up, close_where=self.sockets.close_where,
        )
        self.desk = OrderDesk(self.orders, self.feed, self._nowhere, self.news.changed)
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Process"]:
        """Run until the end of the block."""
        self.relay.on_continuity_lost.append(self.watch.doubt)
        self.relay.subscribe(PRESENCE, self.watch.presence.heard)
        parts = (self.relay, self.feed, self.vigil, self.reporter, self.news, self.counters)
        tasks = [asyncio.create_task(part.run()) for part in parts]
        async with running(Engine(self.sockets.open)) as self.url:
            yield self
        await cancelled(*tasks)

    def person(self, name: str) -> Ridewire:
        """A session for `role:sub`, to enter."""
        return Ridewire.connect(self.url, token=name, client="test")

    async def place(self, customer: str = "c1", vendor: str = "v1") -> Order:
        """A new order."""
        spot = Spot(lat=41.15, lng=-8.61)
        draft = Draft(customer=customer, vendor=vendor, pickup=spot, dropoff=spot)
        return order_in(await self.desk.place(draft, ADMIN, None))

    async def assign(self, order: Order, rider: str) -> Order:
        """Give the order to a rider."""
        return order_in(await self.desk.assign(order.id, rider, ADMIN))

    async def bring_to(self, order: Order, status: Status) -> Order:
        """Take every step up to this status."""
        while order.status != status:
            following = STEPS[STEPS.index(order.status) + 1] if order.status in STEPS else STEPS[0]
            order = order_in(await self.desk.step(order.id, following, ADMIN))
        return order

    async def _apply(self, order: Order) -> None:
        self.watch.order_changed(order.delivery)
        await self.sockets.recheck(f"order:{order.id}")

    async def _nowhere(self, rider: str) -> None:
        return None

    def _connected(self, actor: Actor, connection: str, client: str) -> None:
        if actor.role == "rider":
            self.attendance.came(actor.sub, connection)

    def _gone(self, actor: Actor, connection: str, client: str) -> None:
        if actor.role == "rider":
            self.attendance.went(actor.sub, connection)


async def authenticate(token: str) -> Actor | Refused:
    """Tokens of the tests: `role:sub`."""
    role, _, sub = token.partition(":")
    return Actor(sub=sub, role=role, expires_at=time.time() + 600)  # type: ignore[arg-type]


def order_in(written: Written | Refused) -> Order:
    """The order, which was not refused."""
    assert isinstance(written, Written), written
    return written.order


class Ride:
    """A rider's phone."""

    def __init__(self, session: Ridewire) -> None:
        self.session = session
        self.seq = 0

    async def at(self, lat: float, lng: float) -> None:
        """Report being here now, and wait for the ack."""
        self.seq += 1
        here = {"lat": lat, "lng": lng, "accuracy": 5.0, "speed": 4.0, "heading": 90.0}
        await self.session.report([{"seq": self.seq, "ts": now_ms(), **here}])


async def watching(session: Ridewire, channel: str) -> Watcher:
    """Subscribe and keep the view true."""
    watcher = Watcher(session, channel)
    await watcher.start()
    return watcher


async def position(watcher: Watcher, rider: str, lat: float) -> Message:
    """The rider's position once it is at this latitude."""
    view = await watcher.until(lambda view: view.positions.get(rider, {}).get("lat") == lat)
    return view.positions[rider]


def shown(watcher: Watcher) -> dict[str, Any]:
    """Latitudes of the riders on the map, by name."""
    return {rider: push["lat"] for rider, push in watcher.view.positions.items()}
