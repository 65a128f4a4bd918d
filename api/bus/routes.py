"""The dead letters over HTTP, for admins: look at them, and send them back to their queues."""

from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, QueryParameter

from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal
from api.rights import Action, Actor, Everything, may
from events.transport import Away, DeadLetter, Transport

MOST = 1000
Broker = NamedDependency[Transport]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="at most so many, the oldest first")]


class Dead(msgspec.Struct, frozen=True):
    """Events that nobody could deal with. `id` of each names it for replay."""

    items: list[DeadLetter]


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which to replay; without `ids`, all that are there."""

    ids: Annotated[list[Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=MOST)] | None = None


class Replayed(msgspec.Struct, frozen=True):
    """How many went back to their queues."""

    replayed: int


async def provide_broker(state: State) -> Transport:
    """The dependency `broker`."""
    transport: Transport = state.broker
    return transport


def _check(actor: Actor, action: Action) -> None:
    if not may(actor, action, Everything()):
        raise Refusal("forbidden", "Dead letters are for admins.")


@get("/dead", summary="Events that nobody could deal with")
async def list_dead(actor: Caller, broker: Broker, limit: Limit = 100) -> Dead:
    """Each with its reason and its attempts; looking changes nothing."""
    _check(actor, "events.read")
    try:
        return Dead(await broker.dead_letters(limit))
    except Away as error:
        raise Refusal("unavailable", "The broker cannot be asked.", after_ms=2000) from error


@post("/dead/replay", summary="Send dead events back to their queues", status_code=200)
async def replay_dead(actor: Caller, broker: Broker, data: JSONBody[Replay]) -> Replayed:
    """They count as new: all attempts again. What their handlers had done already is not done twice."""
    _check(actor, "events.replay")
    try:
        return Replayed(await broker.replay(data.ids, MOST))
    except Away as error:
        raise Refusal("unavailable", "The broker cannot be asked.", after_ms=2000) from error


HANDLERS: list[Any] = [list_dead, replay_dead]
router = Router(
    "/api/events", tags=["operations"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=HANDLERS, dependencies={"broker": Provide(provide_broker)},
)
