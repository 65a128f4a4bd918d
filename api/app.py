"""`create_app(settings)`: the whole service as one object. Here clients are opened and all parts brought together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from litestar import Litestar
from litestar.datastructures import State

from api import health, measures
from api.bus.gauges import Gauges
from api.bus.opening import open_transport
from api.bus.roll import Roll
from api.cache.early import make_http_class
from api.cache.front import Front
from api.cache.store import cache_metrics, open_cache
from api.checks import Servers, refuse_standalone
from api.notices.ways import open_ways
from api.routing import Face, application, face
from api.socket.engine import Engine, make_ws_class
from api.supervisor import Supervisor
from api.world import World
from infra.clients import open_mongo, open_redis
from infra.hotline import open_hotline
from infra.metrics import MetricsPage
from infra.settings import Settings
from live.meters import Meters
from tracking import keys
from tracking.store import TrackingStore

log = structlog.get_logger(__name__)
HOT_TIMEOUT_S, GENERAL_TIMEOUT_S = 2.0, 2.0


class App:
    """What a server runs: `front` for HTTP, `http_class` and `ws_class` for its port, `drain` before it ends."""

    def __init__(self, settings: Settings, make: Callable[[Face], Litestar]) -> None:
        self.settings = settings
        self.meters = Meters()
        self.engine = Engine(
            lambda connection, encoding: self.world.sockets.open(connection, encoding),
            allowed_origins=settings.allowed_origins, max_sockets=settings.max_sockets, meters=self.meters,
        )
        self.ws_class = make_ws_class(self.engine)
        self.health = health.Health([])
        self.vitals = measures.Vitals()
        self._hurry = asyncio.Event()
        self.litestar = make(face(settings))
        self.litestar.state = State({"settings": settings, "health": self.health, "opened": self._opened})
        self.front = Front(self.litestar, settings, lambda: self.world.relay.is_up)
        self.http_class = make_http_class(self.front)

    async def drain(self) -> None:
        """Say 503 to those who ask whether we are ready, and send the sockets away over `DRAIN_S`."""
        self.health.is_draining = True
        self.engine.accepting = False
        drain = asyncio.ensure_future(self.world.sockets.drain(self.settings.drain_s))
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({drain, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (drain, hurry):
            task.cancel()

    def hurry(self) -> None:
        """End a drain that is under way."""
        self._hurry.set()

    @asynccontextmanager
    async def _opened(self, state: State) -> AsyncIterator[None]:
        """While it runs, everything is open and in the state."""
        settings = self.settings
        async with AsyncExitStack() as stack:
            line = await stack.enter_async_context(open_hotline(settings.redis_url, timeout_s=HOT_TIMEOUT_S))
            general = await stack.enter_async_context(open_redis(settings.redis_url, timeout_s=GENERAL_TIMEOUT_S))
            db = await stack.enter_async_context(open_mongo(settings.mongo_url, settings.mongo_db))
            await refuse_standalone(db)
            tracking = TrackingStore(general, settings.key_prefix, line=line)
            cache = await stack.enter_async_context(open_cache(settings))
            self.world = world = World(settings, db, tracking, self.meters, general, cache)
            self.front.connect(cache, world.relay, world.market.forget, world.market)
            await world.ensure_indexes()
            supervisor = await stack.enter_async_context(Supervisor())
            world.keep(supervisor)
            backlog = measures.backlog_of(general, keys.stream(settings.key_prefix))
            supervisor.keep("vitals", lambda: measures.keep_looking(self.vitals, general, backlog))
            servers = Servers(settings, general, db, supervisor, backlog)
            broker = await stack.enter_async_context(open_transport(settings, general))
            self.gauges = Gauges(broker, world.orders.outbox, Roll(general, settings.key_prefix))
            supervisor.keep("event gauges", self.gauges.run)
            for check in [*servers.checks(), *world.checks(), *self.gauges.checks()]:
                self.health.checks[check.name] = check
            self._publish_state(state, supervisor)
            world.board.publish(state, await stack.enter_async_context(open_ways(settings)))
            stack.push_async_callback(world.flush)
            log.info("serving", prefix=settings.key_prefix, durability=settings.durability)
            yield

    def _publish_state(self, state: State, supervisor: Supervisor) -> None:
        """What handlers take from the application's state."""
        world = self.world
        state.broker = self.gauges.transport
        state.market = world.market
        state.authenticate = world.identity.authenticate
        world.accounts.publish(state)
        state.erasures, state.personal = world.erasures, world.personal
        state.order_desk, state.order_news, state.shares = world.desk, world.news, world.shares
        state.glance, state.dispatch = world.watch.glance, world.dispatch
        state.offers, state.intake = world.offers, world.intake
        state.travel, state.planner = world.travel, world.planner
        state.fences, state.fence_alerts = world.fences, world.alerts
        state.entry, state.log = world.hall.entry, world.log
        state.press, state.evidence = world.hall.press, world.evidence
        state.tracking, state.tracks = world.tracking, world.tracks
        state.metrics = MetricsPage([
            lambda: measures.socket_metrics(self.meters, lambda: world.sockets.count),
            lambda: measures.relay_metrics(self.meters, lambda: world.relay.is_up),
            lambda: measures.report_metrics(world.reporter.counts),
            lambda: cache_metrics(world.market.cache),
            lambda: measures.chat_metrics(world.hall.writer),
            lambda: measures.vital_metrics(self.vitals),
            self.gauges.metrics,
            world.circuits.metrics,
            lambda: measures.duty_metrics(lambda: {name: duty.restarts for name, duty in supervisor.duties.items()}),
        ])


def create_app(settings: Settings, make: Callable[[Face], Litestar] = application) -> App:
    """The service for these settings, behind the routes that `make` gives; nothing is opened until it runs."""
    return App(settings, make)
