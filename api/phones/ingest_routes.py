"""`/api/ingest/{device_key}`: where phone apps send. Each is answered as it expects; the key is the only credential.

Apps keep a place until they hear 2xx, and some throw it away at a 4xx. So 400 is for what no second try can mend, 404
for a dead key, and everything that passes (too often, not stored in time) is 503 with Retry-After.
"""

from typing import Annotated, Any

import msgspec
from litestar import HttpMethod, Request, Response, Router, route
from litestar.datastructures import State
from litestar.params import PathParameter

from api.errors import Refusal, Refused
from api.health import OPEN
from api.phones.intake import Intake, Taken
from api.problems import described

LARGEST_BYTES = 2 * 2**20
Key = Annotated[str, PathParameter(description="the key that POST /api/devices showed")]


@route(
    "/{device_key:str}", http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200, security=OPEN,
    summary="Places from a phone app", request_max_body_size=LARGEST_BYTES, responses=described(404, 413),
    media_type="application/json",
)
async def ingest(request: Request[None, None, State], device_key: Key) -> Response[Any]:
    """Traccar Client, OsmAnd and GPSLogger (query or form), OwnTracks, Overland, and apps that post JSON records.

    200 once everything is durable, also for what was known or does not count. Numbers of each are in the answer, except
    for OwnTracks (`[]`) and Overland (`{"result": "ok"}`), which expect an answer of their own.
    """
    intake: Intake = request.app.state.intake
    is_owntracks = "x-limit-u" in request.headers or "owntracks" in request.headers.get("user-agent", "").lower()
    taken = await intake.take(device_key, request.url.query, await request.body(), is_owntracks=is_owntracks)
    if isinstance(taken, Refused):
        raise Refusal.of(taken if taken.code != "rate_limited" else _later(taken))
    return Response(_answer(taken), media_type="application/json", status_code=200)


def _later(hasty: Refused) -> Refused:
    """Too often, in words that no app takes for a reason to throw its places away."""
    return Refused("unavailable", hasty.message, after_ms=hasty.after_ms)


def _answer(taken: Taken) -> Any:
    if taken.form == "owntracks":
        return []
    if taken.form == "features":
        return {"result": "ok"}
    return msgspec.to_builtins(taken)


router = Router("/api/ingest", tags=["phones"], route_handlers=[ingest])
