"""Activity over HTTP: batches go in, nothing comes out; what they add up to is in the dashboard."""

from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.datastructures import State
from litestar.params import JSONBody

from api.activity.log import Batch, check_batch, document
from api.activity.store import ActivityStore
from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal
from api.orders.desk import utc_now
from api.problems import described
from api.rights import UserThing, may


class Kept(msgspec.Struct, frozen=True):
    """How many events were kept."""

    accepted: int


@post("/", summary="Tell what was done", status_code=202, responses=described(403, 413, 415))
async def tell(request: Request[Any, Any, State], actor: Caller, data: JSONBody[Batch]) -> Kept:
    """Everybody with a token for themselves, up to a hundred events at once. Kept for a while, with a cut address."""
    if not may(actor, "activity.write", UserThing(actor.sub)):
        raise Refusal("forbidden", "A share link keeps no activity.")
    now = utc_now()
    if (refused := check_batch(data, now)) is not None:
        raise Refusal.of(refused)
    store: ActivityStore = request.app.state.market.activity
    address = request.client.host if request.client else ""
    await store.add(document(data, actor.sub, actor.role, address, now))
    return Kept(len(data.events))


router = Router(
    "/api/activity", tags=["analytics"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[tell],
)
