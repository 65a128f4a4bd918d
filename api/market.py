"""The market's parts for one process, brought together: catalog, stores, carts, appointments, ratings, earnings."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Router

from api.activity import routes as activity_routes
from api.activity.store import ActivityStore
from api.analytics import routes as analytics_routes
from api.analytics.dashboard import Dashboard
from api.analytics.store import AnalyticsStore
from api.appointments import routes as appointment_routes
from api.appointments.store import AppointmentStore
from api.cache.forget import Forget
from api.cache.store import Cache
from api.cart import routes as cart_routes
from api.cart.store import CartStore
from api.catalog import routes as product_routes
from api.catalog.desk import CatalogDesk
from api.catalog.pages import following_as_json
from api.catalog.product import Product
from api.catalog.shapes import view
from api.catalog.store import ProductStore
from api.earnings import routes as earning_routes
from api.earnings.rules import Pay
from api.earnings.store import EarningStore
from api.orders.basket import is_ours
from api.orders.order import Order
from api.pictures import routes as picture_routes
from api.pictures.desk import PictureDesk
from api.pictures.jobs import Jobs
from api.pictures.store import PictureStore
from api.shops import routes as shop_routes
from api.shops.ratings import Ratings
from api.shops.store import ShopStore
from api.telling import Teller
from infra.clients import Database
from infra.settings import Settings
from live.feed import LogFeed
from live.relay import Relay
from live.store import ChannelLog
from live.together import Together


class Market:
    """What is sold, by whom, and what came of it."""

    def __init__(
        self, settings: Settings, db: Database, log: ChannelLog, feed: LogFeed, relay: Relay, cache: Cache,
        redis: Any,
    ) -> None:
        self.settings, self.relay, self.cache = settings, relay, cache
        self._asked = Together(self._products)  # of one moment, in one query: a query costs more than its product
        self.forget = Forget(cache, relay.publish, lambda tags: None)
        teller = Teller(log, feed)
        self.shops = ShopStore(db)
        self.catalog = CatalogDesk(ProductStore(db), teller, relay.publish, self.products_changed)
        self.carts = CartStore(db)
        self.appointments = AppointmentStore(db, teller)
        self.ratings = Ratings(self.shops, teller, relay.publish)
        self.earnings = EarningStore(db)
        self.activity = ActivityStore(db, settings.activity_retention_s)
        self.pictures = PictureDesk(PictureStore(db), Jobs(redis, settings.key_prefix))
        self.dashboard = Dashboard(AnalyticsStore(db, self.activity), cache, settings)

    async def ensure_indexes(self) -> None:
        """Make what MongoDB must have before the first request; the orders' till makes what it writes."""
        parts = (self.shops, self.carts, self.appointments, self.activity, self.pictures.store)
        await asyncio.gather(*(part.ensure_indexes() for part in parts))

    async def products_changed(self, products: list[Product]) -> None:
        """These products are no longer what they were."""
        await self.forget.products((each.id, each.vendor, (each.category,)) for each in products)

    async def _products(self, ids: Sequence[str]) -> dict[str, Product]:
        return await self.catalog.store.many(list(ids))

    async def product_as_json(self, product_id: str) -> bytes | None:
        """A product as its own address shows it; None when there is none."""
        product = await self._asked.ask(product_id)
        return msgspec.json.encode(view(product)) if product is not None else None

    async def page_as_json(self, asked: Mapping[str, str]) -> bytes | None:
        """A page of products after the first; None where the framework must judge what is asked."""
        return await following_as_json(self.catalog.store, asked)

    async def order_written(self, order: Order) -> None:
        """An order was placed or changed, and nobody has heard of it yet: what is cached of it is forgotten first."""
        await self.forget.orders(order.customer, order.vendor)
        if order.total is not None and (order.rev == 1 or order.status == "cancelled"):
            ids = [str(item["product_id"]) for item in order.items if is_ours(item)]
            await self.products_changed(list((await self.catalog.store.many(ids)).values()))
        if order.rev == 1:
            told = {"id": order.id, "customer_id": order.customer, "total": order.total, "currency": order.currency}
            await self.relay.publish(new_orders_topic(order.vendor), msgspec.json.encode(told))


def new_orders_topic(vendor: str) -> str:
    """Pub/sub channel that hears of every new order of a vendor."""
    return f"orders:new:{vendor}"


def pay_of(settings: Settings) -> Pay:
    """How riders are paid here."""
    return Pay(
        base=settings.rider_pay_base, per_km=settings.rider_pay_per_km, currency=settings.currency,
        promise_s=settings.promise_s,
    )


def routers() -> Sequence[Router]:
    """Everything of the market that is asked over HTTP."""
    return (
        product_routes.router(), shop_routes.router, cart_routes.router, appointment_routes.router,
        earning_routes.router, activity_routes.router, analytics_routes.router, *picture_routes.ROUTERS,
    )
