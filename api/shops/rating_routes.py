"""Rating an order over HTTP."""

from litestar import post
from litestar.datastructures import State
from litestar.params import JSONBody

from api.bearer import Caller
from api.errors import Refusal, Refused
from api.orders.desk import utc_now
from api.orders.routes import CHANGE, Desk, OrderId, find_order
from api.shops.ratings import Given, Rate, Ratings


@post("/{order_id:str}/rating", summary="Rate a delivered order", responses=CHANGE)
async def rate(desk: Desk, actor: Caller, state: State, order_id: OrderId, data: JSONBody[Rate]) -> Given:
    """Its customer, once, when it has been delivered. The vendor's average is told at once."""
    order = await find_order(desk, actor, order_id, "order.rate")
    ratings: Ratings = state.market.ratings
    given = await ratings.rate(order, data, utc_now())
    if isinstance(given, Refused):
        raise Refusal.of(given)
    return given


HANDLERS = (rate,)
