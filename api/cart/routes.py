"""A customer's own cart over HTTP."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, PathParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.cart.store import CartStore
from api.cart.view import CartView, view
from api.catalog.routes import Catalog, provide_catalog
from api.errors import Refusal
from api.orders.basket import MOST_OF_ONE, OURS
from api.orders.desk import utc_now
from api.orders.shapes import Body
from api.problems import described
from api.rights import Actor, CustomerThing, may

MOST_LINES = 100
Carts = NamedDependency[CartStore]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=MOST_OF_ONE, examples=[2])]
LineId = Annotated[str, PathParameter(description="a product's id", max_length=64)]
REFUSALS = described(403, 404, 409)


class PutLine(Body, frozen=True):
    """How many there shall be."""

    quantity: Quantity


async def provide_carts(state: State) -> CartStore:
    """The dependency `carts`."""
    carts: CartStore = state.market.carts
    return carts


def owner(actor: Actor) -> str:
    """Whose cart it is; raises Refusal for those who have none."""
    if not may(actor, "cart.use", CustomerThing(actor.sub)):
        raise Refusal("forbidden", "Only customers have a cart.")
    return actor.sub


async def shown(carts: CartStore, catalog: Catalog, customer: str) -> CartView:
    """The cart with the products as they are now."""
    lines = await carts.lines(customer)
    return view(lines, await catalog.store.many(list(lines)))


@get("/", summary="My cart", responses=described(403))
async def read(carts: Carts, catalog: Catalog, actor: Caller) -> CartView:
    """What is in it, shop by shop, at today's prices."""
    return await shown(carts, catalog, owner(actor))


@put("/items/{product_id:str}", summary="Put so many of a product into my cart", responses=REFUSALS)
async def put_line(
    carts: Carts, catalog: Catalog, actor: Caller, product_id: LineId, data: JSONBody[PutLine]
) -> CartView:
    """The number replaces the one before. Nothing is reserved: stock is taken when the order is placed."""
    customer = owner(actor)
    if OURS.match(product_id) is None or await catalog.store.get(product_id) is None:
        raise Refusal("not_found", f"There is no product {product_id}.", "product_id")
    lines = await carts.lines(customer)
    known = await catalog.store.many(list(lines))
    if len(known) >= MOST_LINES and product_id not in known:
        raise Refusal("conflict", f"A cart holds {MOST_LINES} products.", "product_id")
    await carts.put(customer, product_id, data.quantity, [gone for gone in lines if gone not in known], utc_now())
    return await shown(carts, catalog, customer)


@delete("/items/{product_id:str}", summary="Take a product out of my cart", status_code=200, responses=described(403))
async def drop_line(carts: Carts, catalog: Catalog, actor: Caller, product_id: LineId) -> CartView:
    """Harmless when it is not in it."""
    customer = owner(actor)
    if OURS.match(product_id) is not None:
        await carts.drop(customer, product_id, utc_now())
    return await shown(carts, catalog, customer)


@delete("/", summary="Empty my cart", responses=described(403))
async def empty(carts: Carts, actor: Caller) -> None:
    """Nothing in it any more."""
    await carts.empty(owner(actor))


router = Router(
    "/api/cart", tags=["orders"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[read, put_line, drop_line, empty],
    dependencies={"carts": Provide(provide_carts), "catalog": Provide(provide_catalog)},
)
