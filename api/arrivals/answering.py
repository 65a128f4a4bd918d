"""The arrival times of a serving process: routes from ROUTING_URL, then from our streets; the newest accepted model."""

import asyncio

import structlog

from api.arrivals.companions import Companions
from api.arrivals.pacing import PaceFollower
from api.arrivals.routers import chain_of
from api.orders.store import OrderStore
from api.planning.travel import Travel
from city.routing.server import Server
from infra.settings import Settings
from tracking.eta.live import Etas
from tracking.eta.samples import Point
from tracking.eta.store import EtaStore, PaceStore, Unanswered
from tracking.tracks import Tracks, TracksDown
from tracking.watch import Watch

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 30.0
MOST_POINTS = 5_000


class Answering:
    """Everything a process needs to say when riders arrive."""

    def __init__(
        self, settings: Settings, travel: Travel, tracks: Tracks, store: EtaStore, watch: Watch, orders: OrderStore,
        paces: PaceStore,
    ) -> None:
        self.server = Server(settings.routing_url) if settings.routing_url else None
        self.chain = chain_of(self.server, travel)
        self.etas = Etas(self.chain, self._way_so_far, lambda: watch.scenes, Companions(orders).of)
        self._tracks, self._store, self._version, self._travel = tracks, store, 0, travel
        self.paces = PaceFollower(paces, travel.streets, self.chain.forget)
        watch.arrivals = self.etas

    async def follow_models(self) -> None:
        """Use what was learned as soon as it has passed its exam, for ever. One that cannot be read changes nothing."""
        while True:
            try:
                await self.take_model()
            except Unanswered as error:
                log.warning("models cannot be looked for", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def take_model(self) -> None:
        """Look once."""
        version = await self._store.version()
        if version in (0, self._version):
            return
        self._version = version
        try:
            model = await self._store.model(version)
        except ValueError as error:
            log.error("a stored model is not used", version=version, reason=str(error))
        else:
            self.etas.use(model)
            self._travel.learn(model.kept.detour, model.kept.straight_mps)
            log.info("arrival times by a new model", version=version)

    async def close(self) -> None:
        """End connections to the routing server."""
        if self.server is not None:
            await self.server.close()

    async def _way_so_far(self, rider: str, from_ms: int, to_ms: int) -> list[Point]:
        try:
            page = await self._tracks.read(rider, from_ms, to_ms, limit=MOST_POINTS)
        except TracksDown as error:
            log.warning("an arrival time begins without the way so far", error=str(error))
            return []
        return [(point.ts / 1000, point.lat, point.lng) for point in page.points]
