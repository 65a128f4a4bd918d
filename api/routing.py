"""Every route of the service as one application; what it shows of the settings is `Face`, and it opens nothing.

A process puts a `State` of its own into the application before it runs: `opened`, a context manager in which what the
handlers ask for is open, and what else they take from the state.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide

from api import headers, health_routes, market, problems, tiles
from api.accounts import routers as accounts
from api.bearer import provide_actor
from api.bodies import SMALL_BODY_BYTES, json_only
from api.bus import routes as bus_routes
from api.description import openapi
from api.evidence import routes as evidence_routes
from api.geofences import routes as fence_routes
from api.notices import hook_routes, reach_routes
from api.notices import routes as notice_routes
from api.offers import routes as offer_routes
from api.orders import routes as order_routes
from api.orders import share_routes, track_routes, tracking_routes
from api.pages import PageSettings, page_handlers
from api.personal import routes as personal_routes
from api.phones import ingest_routes
from api.phones import routes as phone_routes
from api.planning import routes as plan_routes
from api.riders import routes as rider_routes
from api.rooms import attachment_routes, own_routes, said_routes
from api.rooms import routes as room_routes
from api.shops import rating_routes
from infra.settings import Settings

ORDER_ROUTES = (
    order_routes, tracking_routes, track_routes, share_routes, offer_routes, rating_routes, evidence_routes
)


class Face(msgspec.Struct, frozen=True):
    """All that the routes show of the settings: who may read across origins, what pages learn, whose map it is."""

    origins: list[str]
    pages: PageSettings
    city_dir: str


def face(settings: Settings) -> Face:
    """What the routes show of these settings."""
    links = dict(link.split("=", 1) for link in settings.demo_links if "=" in link)
    pages = PageSettings(
        map_style_url=settings.map_style_url, city=tiles.has_map(settings), links=links,
        providers=accounts.providers(settings),
    )
    return Face(list(settings.allowed_origins), pages, settings.city_dir)


def application(shown: Face) -> Litestar:
    """Every route, put together. It takes a fifth of a second, and what is made serves one process at a time."""
    made = Litestar(
        [*_routers(shown), health_routes.metrics, *page_handlers(shown.pages)],
        dependencies={"actor": Provide(provide_actor)},
        exception_handlers=problems.HANDLERS,
        before_send=[headers.set_headers],
        cors_config=CORSConfig(allow_origins=shown.origins, expose_headers=["Location"]) if shown.origins else None,
        lifespan=[_opened],
        openapi_config=openapi(),
        logging_config=None,
    )
    problems.describe_errors(made)
    return made


def _routers(shown: Face) -> list[Router]:
    orders = Router(
        "/api/orders", tags=["orders"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
        route_handlers=[handler for routes in ORDER_ROUTES for handler in routes.HANDLERS],
        dependencies={"desk": Provide(order_routes.provide_desk), "shares": Provide(share_routes.provide_shares)},
    )
    rooms = room_routes.router(*said_routes.HANDLERS)
    return [
        orders, rooms, own_routes.router, rider_routes.router, plan_routes.router, fence_routes.router,
        attachment_routes.router,
        health_routes.router, *market.routers(), phone_routes.router, ingest_routes.router,
        notice_routes.router, reach_routes.push_router, reach_routes.contact_router, hook_routes.router,
        *accounts.routers(*personal_routes.HANDLERS),
        bus_routes.router,
        tiles.router(shown),
    ]


@asynccontextmanager
async def _opened(running: Litestar) -> AsyncIterator[None]:
    async with running.state.opened(running.state):
        yield
