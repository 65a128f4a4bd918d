"""The dashboard over HTTP: staff see a day of everybody or of one vendor, vendors their own."""

from datetime import date
from typing import Annotated

from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from api.analytics.dashboard import Dashboard
from api.analytics.numbers import Daily
from api.bearer import Caller
from api.bodies import ready_made
from api.errors import Refusal
from api.orders.desk import utc_now
from api.problems import described
from api.rights import Everything, VendorThing, may


@get("/daily", summary="A day in numbers", responses=described(403))
async def daily(
    actor: Caller,
    state: State,
    day: Annotated[date | None, QueryParameter(description="in UTC; today unless given")] = None,
    vendor: Annotated[str | None, QueryParameter(max_length=128, description="only this vendor's")] = None,
) -> Response[Daily]:
    """Orders, revenue, delivery times, late share, errors of arrival times, views. Today's may be a minute old."""
    whose = vendor or (actor.sub if actor.role == "vendor" else None)
    if not may(actor, "analytics.read", VendorThing(whose) if whose else Everything()):
        raise Refusal("forbidden", "Vendors see their own day, staff everybody's.", "vendor")
    dashboard: Dashboard = state.market.dashboard
    now = utc_now()
    return ready_made(await dashboard.daily(day or now.date(), whose, now), Daily)


router = Router("/api/analytics", tags=["analytics"], route_handlers=[daily])
