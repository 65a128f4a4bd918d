"""Earnings over HTTP: a rider's own, or any rider's for staff."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from api.bearer import Caller
from api.earnings.store import EarningStore
from api.errors import Refusal
from api.problems import described
from api.rights import RiderThing, may


class Earning(msgspec.Struct, frozen=True, kw_only=True):
    """What one delivery earned, in minor units: `base` and `by_distance` are its parts."""

    order_id: str
    rider_id: str
    amount: int
    base: int
    by_distance: int
    currency: str
    distance_m: int
    delivered_at: datetime


class Earnings(msgspec.Struct, frozen=True, kw_only=True):
    """Earnings, newest first, and their sum over the whole time asked for. `next` is the `after` of the next page."""

    items: list[Earning]
    total: int
    deliveries: int
    currency: str
    next: str | None


Instant = Annotated[datetime | None, QueryParameter(description="RFC 3339 with an offset")]


@get("/", summary="What a rider earned", responses=described(403))
async def earnings(
    actor: Caller,
    state: State,
    rider: Annotated[str | None, QueryParameter(max_length=128, description="whose; a rider's own are meant")] = None,
    since: Instant = None,
    until: Instant = None,
    after: Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Earnings:
    """Riders see their own, staff those of the rider they name. Each delivery counts once."""
    whose = rider or (actor.sub if actor.role == "rider" else "")
    if not whose or not may(actor, "earnings.read", RiderThing(whose)):
        raise Refusal("forbidden", "Riders see their own earnings; staff name a rider.", "rider")
    if any(each is not None and each.tzinfo is None for each in (since, until)):
        raise Refusal("bad_request", "An instant needs its offset from UTC.", "since")
    store: EarningStore = state.market.earnings
    rows = await store.page(whose, since, until, after, limit + 1)
    total, count = await store.total(whose, since, until)
    return Earnings(
        items=[_view(row) for row in rows[:limit]], total=total, deliveries=count,
        currency=state.settings.currency, next=rows[limit - 1]["_id"] if len(rows) > limit else None,
    )


def _view(row: dict[str, Any]) -> Earning:
    fields = {name: row[name] for name in ("amount", "base", "by_distance", "currency", "distance_m", "delivered_at")}
    return Earning(order_id=row["_id"], rider_id=row["rider"], **fields)


router = Router("/api/earnings", tags=["orders"], route_handlers=[earnings])
