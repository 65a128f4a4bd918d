"""Stores over HTTP. Everybody may look; a vendor opens and edits their own, an admin any."""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal
from api.health import OPEN
from api.orders.desk import utc_now
from api.problems import described
from api.rights import VendorThing, may
from api.shops.shapes import NewStore, StoreChanges, StorePage, StoreView
from api.shops.store import ShopStore

Shops = NamedDependency[ShopStore]
VendorId = Annotated[str, PathParameter(description="the vendor's id", max_length=128)]


async def provide_shops(state: State) -> ShopStore:
    """The dependency `shops`."""
    shops: ShopStore = state.market.shops
    return shops


def found(store: StoreView | None, vendor: str) -> StoreView:
    """The store; raises Refusal when there is none."""
    if store is None:
        raise Refusal("not_found", f"{vendor} has no store.")
    return store


@post("/", summary="Open a store", responses=described(403, 409, 413, 415))
async def open_store(shops: Shops, actor: Caller, data: JSONBody[NewStore]) -> Response[StoreView]:
    """Vendors for themselves, an admin for any vendor; one each."""
    vendor = data.vendor_id or actor.sub
    if not may(actor, "store.edit", VendorThing(vendor)):
        raise Refusal("forbidden", f"A {actor.role} may not open a store for {vendor}.", "vendor_id")
    made = await shops.open(vendor, data.name, data.description, data.spot, utc_now())
    if made is None:
        raise Refusal("exists", f"{vendor} has a store already; change it instead.", "vendor_id")
    return Response(made, status_code=201, headers={"Location": f"/api/stores/{vendor}"})


@get("/", summary="Stores", security=OPEN, responses=described())
async def listed(
    shops: Shops,
    after: Annotated[str | None, QueryParameter(max_length=128, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> StorePage:
    """For everybody, ordered by vendor's id."""
    page = await shops.page(after, limit + 1)
    return StorePage(items=page[:limit], next=page[limit - 1].vendor_id if len(page) > limit else None)


@get("/{vendor_id:str}", summary="One store", security=OPEN, responses=described(404))
async def read(shops: Shops, vendor_id: VendorId) -> StoreView:
    """For everybody."""
    return found(await shops.get(vendor_id), vendor_id)


@patch("/{vendor_id:str}", summary="Change a store", responses=described(403, 404, 413, 415))
async def change(shops: Shops, actor: Caller, vendor_id: VendorId, data: JSONBody[StoreChanges]) -> StoreView:
    """Its vendor and admins. While `is_open` is false nobody can order from the catalog."""
    if not may(actor, "store.edit", VendorThing(vendor_id)):
        raise Refusal("forbidden", "Only its vendor and admins may change a store.")
    given: dict[str, Any] = {
        name: msgspec.to_builtins(value) for name in data.__struct_fields__
        if not isinstance(value := getattr(data, name), msgspec.UnsetType)
    }
    return found(await shops.change(vendor_id, given, utc_now()), vendor_id)


router = Router(
    "/api/stores", tags=["catalog"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[open_store, listed, read, change], dependencies={"shops": Provide(provide_shops)},
)
