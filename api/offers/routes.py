"""Offers over HTTP: staff offer an order, the rider who is asked accepts or declines."""

from datetime import datetime
from typing import Literal

import msgspec
from litestar import get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from api.bearer import Caller
from api.errors import Refusal, Refused
from api.offers.desk import OfferDesk
from api.offers.offer import Offer
from api.offers.offer import State as OfferState
from api.orders.routes import CHANGE, Desk, OrderId, find_order, written_order
from api.orders.shapes import Body, OrderView, view
from api.problems import described
from api.rights import Actor


class Reply(Body, frozen=True, kw_only=True):
    """Which offer is meant: the `number` it came with. Left out: the one that is open."""

    number: int | None = None


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """How the offering stands. `rider_id`: who is or was asked last; `exhausted`: nobody was left to ask."""

    order: str
    number: int
    state: OfferState
    rider_id: str | None
    expires_at: datetime | None
    asked: tuple[str, ...]


class Declined(msgspec.Struct, frozen=True):
    """The rider's no was heard in time."""

    state: Literal["declined"] = "declined"


@post("/{order_id:str}/offer", summary="Offer the order to the riders near it", status_code=200, responses=CHANGE)
async def offer(desk: Desk, actor: Caller, state: State, order_id: OrderId) -> OfferView:
    """For staff. The rider who can be there soonest is asked for half a minute, then the next one, until one accepts.

    The rider hears of it as an `offer` item on `rider:{id}`, dispatchers follow on `ops`. Meanwhile it takes a place.
    """
    order = await find_order(desk, actor, order_id, "order.assign")
    offers: OfferDesk = state.offers
    return _shown(await offers.begin(order, actor))


@get("/{order_id:str}/offer", summary="How the offering stands", responses=described(403, 404))
async def read(desk: Desk, actor: Caller, state: State, order_id: OrderId) -> OfferView:
    """For staff."""
    await find_order(desk, actor, order_id, "order.assign")
    offers: OfferDesk = state.offers
    found = await offers.store.get(order_id)
    if found is None:
        raise Refusal("not_found", "The order was never offered to anybody.")
    return _shown(found)


@post("/{order_id:str}/offer/accept", summary="Take the order", status_code=200, responses=CHANGE)
async def accept(actor: Caller, state: State, order_id: OrderId, data: JSONBody[Reply | None] = None) -> OrderView:
    """For the rider who is asked, while they are. From here on the order is theirs."""
    offers: OfferDesk = state.offers
    return view(written_order(await offers.accept(await _mine(offers, actor, order_id, data), actor)))


@post("/{order_id:str}/offer/decline", summary="Leave the order to others", status_code=200, responses=CHANGE)
async def decline(actor: Caller, state: State, order_id: OrderId, data: JSONBody[Reply | None] = None) -> Declined:
    """For the rider who is asked. The next rider is asked at once."""
    offers: OfferDesk = state.offers
    answer = await offers.decline(await _mine(offers, actor, order_id, data))
    if isinstance(answer, Refused):
        raise Refusal.of(answer)
    return Declined()


async def _mine(offers: OfferDesk, actor: Actor, order_id: str, reply: Reply | None) -> Offer:
    """The offer the rider answers. Others, and those who were asked before, hear that there is none."""
    found = await offers.store.get(order_id)
    if found is None or actor.role != "rider" or not actor.sub or actor.sub not in found.asked:
        raise Refusal("not_found", f"There is no order {order_id} that is offered to you.")
    if found.rider != actor.sub or (reply and reply.number not in (None, found.number)):
        raise Refusal("offer_over", "This offer is over.")
    return found


def _shown(offer: Offer | Refused) -> OfferView:
    if isinstance(offer, Refused):
        raise Refusal.of(offer)
    return OfferView(
        order=offer.order, number=offer.number, state=offer.state, rider_id=offer.rider, expires_at=offer.expires_at,
        asked=offer.asked,
    )


HANDLERS = (offer, read, accept, decline)
