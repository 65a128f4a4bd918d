"""Orders over HTTP: place, read, assign, step, cancel. Rights are checked here, steps by the rules."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter

from api.bearer import Caller
from api.bodies import ready_made
from api.cache import keys
from api.cache.store import Cache
from api.errors import Refusal, Refused
from api.orders.desk import Draft, OrderDesk
from api.orders.dispatch import Dispatch
from api.orders.order import Order, Status
from api.orders.shapes import Assign, Cancel, OrderPage, OrderView, PlaceOrder, TakeStep, view
from api.orders.store import Written
from api.problems import described
from api.rights import Action, Actor, OrderParties, may, relation

Key = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key", min_length=1, max_length=200, description="the same key again returns the first order"
    ),
]
OrderId = Annotated[str, PathParameter(description="the order's id")]
Desk = NamedDependency[OrderDesk]
CHANGE = described(403, 404, 409, 413, 415)
FIRST_PAGE = 50
OWN_FIELD = {"customer": "customer", "vendor": "vendor", "rider": "rider"}


async def provide_desk(state: State) -> OrderDesk:
    """The dependency `desk`."""
    desk: OrderDesk = state.order_desk
    return desk


async def find_order(desk: OrderDesk, actor: Actor, order_id: str, action: Action) -> Order:
    """The order, if the actor may do this to it. A stranger hears 404, so that ids cannot be fished for."""
    order = await desk.store.get(order_id)
    if order is None or relation(actor, order.parties) is None:
        raise Refusal("not_found", f"There is no order {order_id}, or it is none of yours.")
    if not may(actor, action, order.parties):
        raise Refusal("forbidden", f"A {actor.role} may not do this to an order.")
    return order


def written_order(written: Written | Refused) -> Order:
    """The order behind a successful change; raises what was refused."""
    if isinstance(written, Refused):
        raise Refusal.of(written)
    return written.order


@post("/", summary="Place an order", responses=described(403, 409, 413, 415))
async def place(desk: Desk, actor: Caller, data: JSONBody[PlaceOrder], key: Key = None) -> Response[OrderView]:
    """Customers for themselves, an admin token for anybody. 201, also when the key was used before."""
    customer = data.customer_id or (actor.sub if actor.role == "customer" else "")
    if not customer:
        raise Refusal("bad_request", "Say whose order it is.", "customer_id")
    if not may(actor, "order.create", OrderParties(id="", customer=customer, vendor=data.vendor_id)):
        raise Refusal("forbidden", f"A {actor.role} may not place an order for {customer}.", "customer_id")
    draft = Draft(
        customer=customer, vendor=data.vendor_id, pickup=data.pickup, dropoff=data.dropoff, items=tuple(data.items),
        from_cart=data.from_cart,
    )
    written = await desk.place(draft, actor, key)
    order = written_order(written)
    headers = {"Location": f"/api/orders/{order.id}"}
    if isinstance(written, Written) and written.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(view(order), status_code=201, headers=headers)


@get("/", summary="My orders, newest first", responses=described(403))
async def own(
    desk: Desk,
    actor: Caller,
    state: State,
    status: Annotated[Status | None, QueryParameter(description="only those at this status")] = None,
    after: Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = FIRST_PAGE,
) -> Response[OrderPage]:
    """What is the actor's own; staff see everybody's."""
    where: dict[str, Any] = {}
    if actor.role in OWN_FIELD:
        where[OWN_FIELD[actor.role]] = actor.sub
    elif actor.role == "guest":
        raise Refusal("forbidden", "A share link opens one order and no lists.")
    if status is not None:
        where["status"] = status

    async def load() -> bytes:
        orders = await desk.store.page(where, after, limit + 1)
        more = len(orders) > limit
        page = OrderPage(items=[view(order) for order in orders[:limit]], next=orders[limit - 1].id if more else None)
        return msgspec.json.encode(page)

    key = own_key(actor) if status is None and after is None and limit == FIRST_PAGE else None
    if key is None:
        return ready_made(await load(), OrderPage)
    tag, ttl_s = keys.orders_tag(actor.role, actor.sub), state.settings.cache_ttl_user_orders
    cache: Cache = state.market.cache
    body, _ = await cache.fetch(key, ttl_s, load, (tag,))
    return ready_made(body or await load(), OrderPage)


def own_key(actor: Actor) -> str | None:
    """Where the first page of somebody's own orders is kept, for them alone."""
    if actor.role == "customer":
        return keys.orders(actor.sub)
    return keys.farmer_orders(actor.sub) if actor.role == "vendor" else None


@get("/{order_id:str}", summary="One order", responses=described(403, 404))
async def read(desk: Desk, actor: Caller, order_id: OrderId) -> OrderView:
    """For its parties and staff."""
    return view(await find_order(desk, actor, order_id, "order.read"))


@post("/{order_id:str}/assign", summary="Give the order to a rider", status_code=200, responses=CHANGE)
async def assign(desk: Desk, actor: Caller, state: State, order_id: OrderId, data: JSONBody[Assign]) -> OrderView:
    """For staff. `rider_id` is a rider's sub, or `nearest`: of those on shift, fresh and not full the soonest there.

    A rider who is named gets the order however much they carry; `nearest` never gives one place to two orders.
    """
    order = await find_order(desk, actor, order_id, "order.assign")
    if data.rider_id == "nearest":
        dispatch: Dispatch = state.dispatch
        return view(written_order(await dispatch.assign_nearest(order, actor)))
    return view(written_order(await desk.assign(order_id, data.rider_id, actor)))


@post("/{order_id:str}/status", summary="Take the order to its next status", status_code=200, responses=CHANGE)
async def take_step(desk: Desk, actor: Caller, order_id: OrderId, data: JSONBody[TakeStep]) -> OrderView:
    """Vendors up to `ready`, riders from pick-up on, staff all. A step out of order is 409 and names those open."""
    await find_order(desk, actor, order_id, "order.cancel" if data.status == "cancelled" else "order.step")
    return view(written_order(await desk.step(order_id, data.status, actor, note=data.note, rev=data.rev)))


@post("/{order_id:str}/cancel", summary="Cancel the order", status_code=200, responses=CHANGE)
async def cancel(desk: Desk, actor: Caller, order_id: OrderId, data: JSONBody[Cancel | None] = None) -> OrderView:
    """Its customer, its vendor or staff, before pick-up."""
    await find_order(desk, actor, order_id, "order.cancel")
    note = data.note if data else None
    return view(written_order(await desk.step(order_id, "cancelled", actor, note=note)))


HANDLERS = (place, own, read, assign, take_step, cancel)
