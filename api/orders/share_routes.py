"""Share links over HTTP: make one, end all."""

from litestar import Request, delete, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from api.bearer import Caller
from api.errors import Refusal, Refused
from api.orders.desk import utc_now
from api.orders.news import OrderNews
from api.orders.routes import CHANGE, Desk, OrderId, find_order
from api.orders.shapes import ShareLink
from api.orders.share import Shares
from api.problems import described

Links = NamedDependency[Shares]


async def provide_shares(state: State) -> Shares:
    """The dependency `shares`."""
    shares: Shares = state.shares
    return shares


@post("/{order_id:str}/share", summary="Make a share link", status_code=201, responses=CHANGE)
async def share(
    desk: Desk, shares: Links, actor: Caller, request: Request[None, None, State], order_id: OrderId
) -> ShareLink:
    """For its customer and staff. Whoever has the link sees this order until it ends, four hours at most."""
    order = await find_order(desk, actor, order_id, "order.share")
    made = await shares.make(order, actor.sub, utc_now())
    if isinstance(made, Refused):
        raise Refusal.of(made)
    base: str = request.app.state.settings.public_url or str(request.base_url)
    return ShareLink(url=f"{base.rstrip('/')}/track/{made.token}", token=made.token, expires_at=made.expires_at)


@delete("/{order_id:str}/share", summary="End all share links of the order", responses=described(403, 404))
async def unshare(desk: Desk, shares: Links, actor: Caller, state: State, order_id: OrderId) -> None:
    """For its customer and staff. Guests who are watching are cut off, in every process."""
    order = await find_order(desk, actor, order_id, "order.share")
    await shares.revoke(order.id)
    news: OrderNews = state.order_news
    await news.links_ended(order.id)


HANDLERS = (share, unshare)
