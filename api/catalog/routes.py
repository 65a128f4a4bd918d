"""Products over HTTP. Everybody may look, without a token too; vendors edit what is theirs, an admin everything."""

import secrets
from typing import Annotated, Protocol

from litestar import Response, Router, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only, ready_made
from api.cache import keys
from api.cache.store import Cache
from api.catalog.desk import CatalogDesk
from api.catalog.pages import narrowed, page_as_json
from api.catalog.product import Product
from api.catalog.shapes import (
    FIRST_PAGE,
    LONGEST_ID,
    LONGEST_NAME,
    MOST_PRODUCTS,
    Changes,
    Inventory,
    NewProduct,
    ProductPage,
    ProductView,
    view,
)
from api.errors import Refusal, Refused
from api.health import OPEN
from api.orders.desk import utc_now
from api.orders.order import RANDOM_BITS, new_id, to_ms
from api.problems import described
from api.rights import Actor, VendorThing, may
from infra.settings import Settings

Catalog = NamedDependency[CatalogDesk]
ProductId = Annotated[str, PathParameter(description="the product's id", max_length=64)]
EDIT = described(403, 404, 409, 413, 415)


class MarketCache(Protocol):
    """Where lists are kept for a while."""

    cache: Cache
    settings: Settings


def list_key(vendor: str | None, category: str | None) -> str | None:
    """Where the first page of this list is kept; None for those that nobody keeps."""
    if vendor is not None:
        return keys.farmer_products(vendor) if category is None else None
    return keys.products_list() if category is None else keys.category_products(category)


async def provide_catalog(state: State) -> CatalogDesk:
    """The dependency `catalog`."""
    catalog: CatalogDesk = state.market.catalog
    return catalog


async def find_product(catalog: CatalogDesk, product_id: str) -> Product:
    """The product; raises Refusal when there is none."""
    product = await catalog.store.get(product_id)
    if product is None:
        raise Refusal("not_found", f"There is no product {product_id}.")
    return product


async def find_own(catalog: CatalogDesk, actor: Actor, product_id: str) -> Product:
    """The product, if the actor may edit it; raises Refusal."""
    product = await find_product(catalog, product_id)
    if not may(actor, "product.edit", VendorThing(product.vendor)):
        raise Refusal("forbidden", "Only its vendor and admins may edit a product.")
    return product


def written_product(written: Product | Refused) -> ProductView:
    """The answer to a successful change; raises what was refused."""
    if isinstance(written, Refused):
        raise Refusal.of(written)
    return view(written)


def draft(data: NewProduct, vendor: str, currency: str) -> Product:
    """The product somebody asks for."""
    now = utc_now()
    return Product(
        id=new_id(to_ms(now), secrets.randbits(RANDOM_BITS), "p"), vendor=vendor, kind=data.kind, name=data.name,
        description=data.description, category=data.category, price=data.price, currency=data.currency or currency,
        stock=data.stock, duration_min=data.duration_min, created_at=now, updated_at=now,
    )


@post("/", summary="Put a product or a service up for sale", responses=described(403, 413, 415))
async def offer(catalog: Catalog, actor: Caller, state: State, data: JSONBody[NewProduct]) -> Response[ProductView]:
    """Vendors for themselves, an admin for any vendor. The currency is the deployment's, unless one is given."""
    vendor = data.vendor_id or (actor.sub if actor.role == "vendor" else "")
    if not vendor:
        raise Refusal("bad_request" if actor.role == "admin" else "forbidden", "Say whose it is.", "vendor_id")
    if not may(actor, "product.edit", VendorThing(vendor)):
        raise Refusal("forbidden", f"A {actor.role} may not sell for {vendor}.", "vendor_id")
    settings: Settings = state.settings
    made = written_product(await catalog.offer(draft(data, vendor, settings.currency)))
    return Response(made, status_code=201, headers={"Location": f"/api/products/{made.id}"})


@get("/", summary="Products, newest first", security=OPEN, responses=described())
async def listed(
    catalog: Catalog,
    state: State,
    vendor: Annotated[str | None, QueryParameter(max_length=LONGEST_NAME, description="only of this vendor")] = None,
    category: Annotated[
        str | None, QueryParameter(pattern="^[a-z0-9][a-z0-9-]{0,39}$", description="only of this category")
    ] = None,
    q: Annotated[str | None, QueryParameter(min_length=1, max_length=100, description="having all these words")] = None,
    after: Annotated[str | None, QueryParameter(max_length=LONGEST_ID, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_PRODUCTS)] = FIRST_PAGE,
) -> Response[ProductPage]:
    """For everybody. What is sold out is listed too, with `in_stock` false."""

    async def load() -> bytes:
        return await page_as_json(catalog.store, narrowed(vendor, category), q, after, limit)

    market: MarketCache = state.market
    key = None if q or after or limit != FIRST_PAGE else list_key(vendor, category)
    if key is None:
        return ready_made(await load(), ProductPage)
    tag = keys.list_tag(vendor, category)
    body, _ = await market.cache.fetch(key, market.settings.cache_ttl_products, load, (tag,))
    return ready_made(body or await load(), ProductPage)


@get("/{product_id:str}", summary="One product", security=OPEN, responses=described(404))
async def read(catalog: Catalog, product_id: ProductId) -> ProductView:
    """For everybody."""
    return view(await find_product(catalog, product_id))


@get("/{product_id:str}/inventory", summary="How many are left", security=OPEN, responses=described(404))
async def inventory(catalog: Catalog, product_id: ProductId) -> Inventory:
    """For everybody."""
    product = await find_product(catalog, product_id)
    return Inventory(
        product_id=product.id, stock=product.stock, in_stock=product.in_stock, updated_at=product.updated_at
    )


@patch("/{product_id:str}", summary="Change some fields of a product", responses=EDIT)
async def change(catalog: Catalog, actor: Caller, product_id: ProductId, data: JSONBody[Changes]) -> ProductView:
    """Its vendor and admins. Say `rev` to change it only if nobody did meanwhile: orders change its stock."""
    product = await find_own(catalog, actor, product_id)
    rev = data.rev if isinstance(data.rev, int) else None
    return written_product(await catalog.amend(product, data.given(), rev, utc_now()))


@put("/{product_id:str}", summary="Write a product anew", responses=EDIT)
async def replace(
    catalog: Catalog, actor: Caller, state: State, product_id: ProductId, data: JSONBody[NewProduct]
) -> ProductView:
    """Its vendor and admins. Whose it is, what kind it is and its pictures stay."""
    product = await find_own(catalog, actor, product_id)
    if data.kind != product.kind or data.vendor_id not in (None, product.vendor):
        raise Refusal("bad_request", "Neither kind nor vendor can change; make another product.", "kind")
    settings: Settings = state.settings
    wanted = draft(data, product.vendor, settings.currency)
    fields = ("name", "description", "category", "price", "currency", "stock", "duration_min")
    changes = {name: getattr(wanted, name) for name in fields}
    return written_product(await catalog.amend(product, changes, None, utc_now()))


@delete("/{product_id:str}", summary="Sell a product no more", responses=described(403, 404))
async def withdraw(catalog: Catalog, actor: Caller, product_id: ProductId) -> None:
    """Its vendor and admins. Orders keep what they say of it."""
    written_product(await catalog.withdraw(await find_own(catalog, actor, product_id)))


HANDLERS = (offer, listed, read, inventory, change, replace, withdraw)


def router(*more: object) -> Router:
    """All of `/api/products`."""
    return Router(
        "/api/products", tags=["catalog"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
        route_handlers=[*HANDLERS, *more], dependencies={"catalog": Provide(provide_catalog)},  # type: ignore[list-item]
    )
