"""Plans over HTTP: the best order of several stops."""

from datetime import UTC, datetime

from litestar import Router, post
from litestar.datastructures import State
from litestar.params import JSONBody

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal, Refused
from api.planning.planner import Planner
from api.planning.shapes import Plan, PlanRequest
from api.problems import described
from api.rights import Everything, may


@post(
    "/optimize", summary="The best order of several stops", status_code=200,
    responses=described(403, 413, 415, 429),
)
async def optimize(actor: Caller, state: State, data: JSONBody[PlanRequest]) -> Plan:
    """For staff. Time windows, service times, capacities, shifts, and pick-ups before their drop-offs, all kept.

    As many as possible are served, with the least travel. What cannot be is in `left_over`, each with its reason.
    """
    if not may(actor, "route.plan", Everything()):
        raise Refusal("forbidden", "Only staff plan rounds.")
    planner: Planner = state.planner
    plan = await planner.plan(data, datetime.now(UTC).replace(microsecond=0))
    if isinstance(plan, Refused):
        raise Refusal.of(plan)
    return plan


router = Router(
    "/api/routes", tags=["routes"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=[optimize],
)
