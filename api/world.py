"""One serving process, wired: who hears of what stands here and nowhere else. Opened clients come in."""

import time
from contextlib import suppress
from typing import Any

import structlog

from api.accounts.parts import Accounts
from api.arrivals.answering import Answering
from api.cache.store import Cache
from api.channels.counters import Counters
from api.channels.kinds import channel_kinds
from api.circuits import Circuits
from api.evidence.store import EvidenceStore
from api.geofences.alerts import Alerts
from api.geofences.edits import telling
from api.geofences.store import TOPIC as FENCES
from api.geofences.store import FenceStore
from api.health import Check, Unwell
from api.identity import Identity
from api.jwks import Jwks
from api.market import Market, pay_of
from api.notices.board import Board
from api.offers.desk import OfferDesk
from api.offers.store import OfferStore
from api.orders import dispatch
from api.orders.desk import OrderDesk
from api.orders.news import OrderNews
from api.orders.order import Order, Spot
from api.orders.share import Shares
from api.orders.sight import view_of
from api.orders.store import OrderStore
from api.personal.copies import Copies
from api.personal.erasers import Erasers
from api.personal.erasure import Erasures
from api.personal.store import PersonalStore
from api.phones.intake import Intake
from api.phones.store import DeviceStore
from api.planning.planner import Planner
from api.planning.solver import Solver
from api.planning.travel import Travel
from api.rights import Actor
from api.rooms.hall import Hall
from api.socket.limits import Limits
from api.socket.sockets import Services, Sockets
from api.supervisor import Supervisor
from api.tokens import Trust
from infra.clients import Database
from infra.settings import Settings
from live.feed import LogFeed
from live.hub import Hub
from live.meters import Meters
from live.recent import RecentWindow
from live.relay import Relay
from live.store import ChannelLog
from tracking import keys
from tracking.eta.store import EtaStore, PaceStore
from tracking.presence import TOPIC as PRESENCE
from tracking.presence import Attendance
from tracking.report import Reporter
from tracking.store import StoreDown, TrackingStore
from tracking.tracks import Tracks
from tracking.vigil import ENLISTED_FOR_S, Vigil
from tracking.watch import Watch

log = structlog.get_logger(__name__)
FLUSH_S = 5.0


def now_ms() -> int:
    """The wall clock, epoch milliseconds."""
    return time.time_ns() // 1_000_000


class World:
    """All parts of a process. They are made here, `keep` starts what runs, `flush` ends what is under way."""

    def __init__(
        self, settings: Settings, db: Database, tracking: TrackingStore, meters: Meters, general: Any, cache: Cache
    ) -> None:
        self.settings, self.tracking, self.meters = settings, tracking, meters
        self.hub, self.log = Hub(), ChannelLog(db)
        self.relay = Relay(settings.redis_url, settings.key_prefix, meters)
        recent = RecentWindow(general, settings.key_prefix)
        self.feed = LogFeed(self.hub, self.log, self.relay, recent)
        self._see_riders(db)
        self.orders = OrderStore(db, self.log, pay_of(settings))
        self.market = Market(settings, db, self.log, self.feed, self.relay, cache, general)
        self.travel = Travel(settings.city_dir)
        self.planner = Planner(self.travel, Solver())
        self.arrivals = Answering(settings, self.travel, self.tracks, EtaStore(db), self.watch, self.orders,
                                  PaceStore(db))
        self.circuits = Circuits(general, settings.key_prefix)
        self.circuits.sources["routing"] = lambda: self.arrivals.chain.guards
        self.shares, self.evidence = Shares(db, self.orders.get), EvidenceStore(db, self.log)
        self.fences = FenceStore(db, self.relay.publish)
        self.alerts = Alerts(db, self.log, self.feed, name_of=str)
        self.counters = Counters(self.hub, self.orders, tracking)
        self.accounts = Accounts(settings, db, general, trust_of(settings), self.market.forget.profile)
        self.identity = identity(settings, self.shares, self.accounts)
        self.hall = Hall(
            settings, db, general, self.relay, self.hub, self.feed, self.orders,
            recheck=lambda channel: self.sockets.recheck(channel), now_ms=now_ms,
        )
        self.board = Board(db, general, settings.key_prefix, self.relay, self.hub, self.log, self.feed)
        self.sockets = self._sockets()
        self.accounts.watch_sockets(self.relay, self.sockets)
        self.news = OrderNews(
            self.orders, self.shares, self.relay, watched=lambda: self.watch.scenes, apply=self.apply,
            catch_up=self.feed.catch_up, close_where=self.sockets.close_where,
        )
        self._forget_people(db, Copies(general, settings.key_prefix, cache, recent))
        self.desk = self._order_desk()
        self.dispatch = dispatch.Dispatch(tracking, self.orders, self.travel, self.desk, settings.rider_capacity)
        self.offers = OfferDesk(
            OfferStore(db, self.orders), self.dispatch, self.desk, self.feed, within_s=settings.offer_s
        )

    def _see_riders(self, db: Database) -> None:
        """Where riders are and have been, and who watches."""
        self.tracks = Tracks(db)
        self.watch = Watch(self.hub, self.relay.subscribe, self.tracking, now_ms)
        self.attendance = Attendance(self.tracking, self.relay.publish, now_ms)
        self.vigil = Vigil(self.watch, self.attendance)
        self.reporter = Reporter(
            self.tracking, self.tracks.recall, on_fixes=self.watch.fixes, durability=self.settings.durability,
            floor_ms=self.settings.flush_floor_ms,
        )
        self.intake = Intake(DeviceStore(db), self.reporter, self.tracking, now_ms)

    def _forget_people(self, db: Database, copies: Copies) -> None:
        """What is kept about a person, and how it ends."""
        self.personal = PersonalStore(db)
        erasers = Erasers(self.accounts.desk, self.market, self.hall.own, self.personal, copies)
        self.erasures = Erasures(db, erasers.steps, self.personal.under_way)

    def _order_desk(self) -> OrderDesk:
        written = self.market.order_written
        return OrderDesk(self.orders, self.feed, self.where_is, self.order_changed, written)

    def _sockets(self) -> Sockets:
        kinds = channel_kinds(self.watch, self.orders, self.counters) | self.hall.kinds()
        kinds |= self.board.kinds(self.hall.watch.open_person)
        services = Services(
            authenticate=self.identity.enter, report=self.reporter.report, kinds=kinds, hub=self.hub,
            log=self.log, feed=self.feed, connected=self.connected, gone=self.gone,
            entry=self.hall.entry, notices=self.board.desk,
        )
        limits = Limits(sockets_per_user=self.settings.max_sockets_per_user)
        return Sockets(services, limits, self.meters)

    async def ensure_indexes(self) -> None:
        """Make what MongoDB must have before the first request."""
        await self.orders.ensure_indexes()
        await self.shares.ensure_indexes()
        await self.alerts.ensure_indexes()
        await self.offers.store.ensure_indexes()
        await self.intake.devices.ensure_indexes()
        await self.hall.ensure_indexes()
        await self.market.ensure_indexes()
        await self.board.ensure_indexes()
        await self.accounts.ensure_indexes()
        await self.erasures.ensure_indexes()
        await self.log.head("ops")
        await self.tracking.enlist(ENLISTED_FOR_S)

    def keep(self, supervisor: Supervisor) -> None:
        """Start everything that runs in the background."""
        self.relay.on_continuity_lost.append(self.watch.doubt)
        self.relay.subscribe(PRESENCE, self.watch.presence.heard)
        self.relay.subscribe(keys.PERSISTED, self.reporter.persisted)
        self.relay.subscribe(FENCES, telling(self.hub))
        for name, work in (
            ("relay", self.relay.run), ("feed", self.feed.run), ("reporter", self.reporter.run),
            ("vigil", self.vigil.run), ("orders", self.news.run), ("counters", self.counters.run),
            ("offers", self.offers.run), ("erasures", self.erasures.run),
            ("arrivals", self.arrivals.etas.run), ("arrival models", self.arrivals.follow_models),
            ("street paces", self.arrivals.paces.run),
        ):
            supervisor.keep(name, work)
        self.hall.keep(supervisor)
        self.accounts.keep(supervisor)
        supervisor.keep("circuits", self.circuits.run)

    async def flush(self) -> None:
        """Reports that were taken are stored and answered before anything is closed."""
        if not await self.reporter.drain(FLUSH_S):
            log.warning("some reports were not stored in time; their phones will send them again")
        with suppress(StoreDown):
            await self.tracking.resign()
        await self.arrivals.close()
        await self.accounts.close()
        if not await self.hall.writer.drain(FLUSH_S):
            log.warning("some messages were not stored in time; whoever sent them will send them again")

    def checks(self) -> list[Check]:
        """What health asks of this process' own parts."""
        providers = Check("providers", self.circuits.look, needed=False)
        return [Check("relay", self._look_at_relay), providers, *self.accounts.checks()]

    # Who hears of what

    async def apply(self, order: Order) -> None:
        """An order changed: its watchers' views are switched, then their rights are checked."""
        self.watch.order_changed(order.delivery)
        await self.sockets.recheck(f"order:{order.id}")

    async def order_changed(self, order: Order) -> None:
        """An order changed here: its watchers in every process are seen to, and nobody is asked in vain to carry it."""
        await self.news.changed(order)
        await self.hall.order_changed(order)
        if order.status == "picked_up":
            await self._remember_eta(order)
        try:
            await self.offers.order_changed(order)
        except Exception as error:  # it is committed; the offer's time runs out instead
            log.warning("an offer was not withdrawn", order=order.id, error=str(error))

    async def _remember_eta(self, order: Order) -> None:
        """The arrival told at pick-up is kept, for the dashboard to say how far off such words are."""
        view = view_of(order, Actor(sub="dashboard", role="admin", expires_at=0))
        try:
            eta = (await self.watch.glance(order.delivery, view)).get("eta") if view is not None else None
            if eta is not None:
                await self.orders.till.promise(order.id, eta["at"])
        except Exception as error:  # only the dashboard will know less
            log.warning("an arrival time was not remembered", order=order.id, error=str(error))

    async def where_is(self, rider: str) -> Spot | None:
        """The rider's fresh place."""
        return await dispatch.where_is(self.tracking, rider)

    def connected(self, actor: Actor, connection: str, client: str) -> None:
        """Somebody's socket is authenticated."""
        if actor.role == "rider":
            self.attendance.came(actor.sub, connection)
        self.hall.came(actor, connection)

    def gone(self, actor: Actor, connection: str, client: str) -> None:
        """Somebody's socket ended."""
        if actor.role == "rider":
            self.attendance.went(actor.sub, connection)
        self.hall.went(actor, connection)

    async def _look_at_relay(self) -> str:
        if not self.relay.is_up:
            raise Unwell("not listening to the other processes")
        return f"{self.hub.topics} topics"


def trust_of(settings: Settings) -> Trust:
    """Whom the settings tell us to believe."""
    secrets = tuple(secret for secret in (settings.jwt_secret, *settings.jwt_secret_previous) if secret)
    return Trust(secrets=secrets, audience=settings.jwt_audience, issuers=settings.jwt_issuers)


def identity(settings: Settings, shares: Shares, accounts: Accounts) -> Identity:
    """Who checks tokens."""
    jwks = Jwks(settings.jwks_url) if settings.jwks_url else None
    return Identity(
        accounts.trust, shares.resolve, jwks, is_alive=accounts.sessions.is_alive, take=accounts.tickets.take
    )
