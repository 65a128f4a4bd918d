"""For those who are somebody: tickets, one's sessions, and oneself."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.accounts.cookie import device_of
from api.accounts.desk import AccountDesk, now_ms
from api.accounts.sessions import Login
from api.accounts.shapes import ChangeMe, SessionList, SessionView, Ticket, UserView, view
from api.accounts.tickets import LIFE_S, Tickets
from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only, ready_made
from api.cache import keys
from api.cache.store import Cache
from api.errors import Refusal, Refused
from api.problems import described
from api.rights import Actor, UserThing, may
from infra.settings import Settings

Call = Request[None, None, State]


def own(actor: Actor) -> None:
    """People only: raises Refusal for a share link."""
    if not may(actor, "user.edit", UserThing(actor.sub)):
        raise Refusal("forbidden", "A share link is nobody's account.")


def session_view(login: Login, current: str) -> SessionView:
    """The session as an answer."""
    return SessionView(
        id=login.sid, current=login.sid == current, began_at=instant(login.began), last_active=instant(login.active),
        ends_at=instant(login.ends), address=login.address, program=login.program,
    )


def instant(ms: int) -> datetime:
    """Epoch milliseconds as an instant."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@post("/auth/ticket", summary="A ticket for the socket", status_code=201, responses=described(403, 429))
async def ticket(actor: Caller, state: State) -> Ticket:
    """Good once, for thirty seconds, as the token of the socket's `auth`. It carries what the caller's token does."""
    own(actor)
    tickets: Tickets = state.tickets
    return Ticket(await tickets.sell(actor), LIFE_S)


@get("/auth/sessions", summary="Where I am signed in", responses=described(403, 429))
async def sessions(actor: Caller, state: State) -> SessionList:
    """Newest first. Tokens of another issuer have no sessions here."""
    own(actor)
    desk: AccountDesk = state.accounts
    logins = await desk.parts.sessions.of_user(actor.sub, now_ms())
    return SessionList([session_view(login, actor.session) for login in logins])


@delete("/auth/sessions", summary="Sign out everywhere", responses=described(403, 429))
async def end_sessions(
    actor: Caller,
    state: State,
    request: Call,
    others: Annotated[bool, QueryParameter(description="all but this one")] = False,
) -> None:
    """Ends all of one's sessions, or all others."""
    own(actor)
    desk: AccountDesk = state.accounts
    ended = await desk.end(actor.sub, but=actor.session if others else "")
    desk.parts.trail.note("sessions_ended", actor.sub, device_of(request), count=ended)


@delete("/auth/sessions/{session_id:str}", summary="End one session", responses=described(403, 404, 429))
async def end_session(actor: Caller, state: State, request: Call, session_id: Annotated[str, PathParameter()]) -> None:
    """One of one's own: on a lost phone, say."""
    own(actor)
    desk: AccountDesk = state.accounts
    if not await desk.end(actor.sub, session_id):
        raise Refusal("not_found", "You have no such session.")
    desk.parts.trail.note("sessions_ended", actor.sub, device_of(request), count=1)


@get("/users/me", summary="Who I am", responses=described(403, 404, 429))
async def me(actor: Caller, state: State) -> Response[UserView]:
    """One's account, or what one's token says where another issuer made it."""
    own(actor)
    desk: AccountDesk = state.accounts
    cache: Cache = state.market.cache
    settings: Settings = state.settings

    async def load() -> bytes | None:
        account = await desk.parts.store.get(actor.sub)
        return msgspec.json.encode(view(account)) if account else None

    kept, _ = await cache.fetch(
        keys.profile(actor.sub), settings.cache_ttl_user_profile, load, [keys.profile_tag(actor.sub)]
    )
    if kept is None:
        return Response(UserView(id=actor.sub, role=actor.role, name=actor.name, local=False))
    return ready_made(kept, UserView)


@patch("/users/me", summary="Change my name or password", responses=described(403, 404, 413, 415, 429))
async def change_me(actor: Caller, state: State, request: Call, data: JSONBody[ChangeMe]) -> UserView:
    """A new password needs the old one, and ends all other sessions."""
    own(actor)
    desk: AccountDesk = state.accounts
    answer = await desk.change_me(
        actor, device_of(request), name=data.name, password=data.password, current=data.current_password
    )
    if isinstance(answer, Refused):
        raise Refusal.of(answer)
    return view(answer)


HANDLERS = (ticket, sessions, end_sessions, end_session, me, change_me)


def router(*more: HTTPRouteHandler) -> Router:
    """With handlers of others on the same paths: erasing oneself, say."""
    return Router(
        "/api", tags=["accounts"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
        route_handlers=[*HANDLERS, *more],
    )
