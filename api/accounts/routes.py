"""Register, sign in, refresh, sign out. Anybody may ask, so requests are counted by address."""

import time

from litestar import Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody

from api.accounts.cookie import cookie, device_of, signed_in_by_cookie
from api.accounts.desk import AccountDesk, SignedIn
from api.accounts.rules import SELF_SERVICE, email_key
from api.accounts.shapes import Refresh, Register, Registered, SessionNow, SignIn, Tokens, view
from api.bearer import COOKIE, provide_actor
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal, Refused
from api.health import OPEN
from api.problems import described
from api.rates.rates import by_address
from api.tokens import Trust, issue

Call = Request[None, None, State]
ASKED = described(403, 413, 415, 429)


async def with_secret(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """A guard: without JWT_SECRET nobody can be signed in here; raises Refusal (404)."""
    if not connection.app.state.trust.secrets:
        raise Refusal("disabled", "There are no accounts here: JWT_SECRET is not set, tokens come from elsewhere.")


def tokens(state: State, signed_in: SignedIn) -> Response[Tokens]:
    """A session's secrets as an answer, with the cookie."""
    desk: AccountDesk = state.accounts
    trust: Trust = state.trust
    account, login, seals, now = signed_in.account, signed_in.login, desk.parts.seals, time.time()
    left_s = max(1, int(login.ends / 1000 - now))
    ttl_s = min(int(state.settings.access_token_s), left_s)
    refresh = None if signed_in.number is None else seals.refresh(login.sid, login.seed, signed_in.number)
    body = Tokens(
        access_token=issue(trust, account.id, account.role, ttl_s, account.name, now=now, session=login.sid),
        expires_in=ttl_s, refresh_token=refresh, csrf_token=seals.csrf(login.sid, login.seed), user=view(account),
    )
    return Response(body, status_code=200, cookies=[cookie(seals.cookie(login.sid, login.seed), left_s)])


def granted(state: State, answer: SignedIn | Refused) -> Response[Tokens]:
    """The tokens; raises what was refused."""
    if isinstance(answer, Refused):
        raise Refusal.of(answer)
    return tokens(state, answer)


@post("/register", summary="Make an account", status_code=201, responses=ASKED, security=OPEN)
async def register(request: Call, state: State, data: JSONBody[Register]) -> Registered:
    """Customers, vendors and riders for themselves; a dispatcher or another admin by an admin's token.

    An address that has an account already gets the same answer, and its owner a letter.
    """
    by = None if data.role in SELF_SERVICE else await provide_actor(request)
    desk: AccountDesk = state.accounts
    name = data.name or ""
    refused = await desk.register(data.email, data.password, data.role, name, by, device_of(request))
    if refused is not None:
        raise Refusal.of(refused)
    return Registered(email=email_key(data.email), role=data.role, name=name)


@post("/login", summary="Sign in", status_code=200, responses=ASKED, security=OPEN)
async def login(request: Call, state: State, data: JSONBody[SignIn]) -> Response[Tokens]:
    """An access token, a refresh token for programs, and an HTTP-only cookie for browsers."""
    desk: AccountDesk = state.accounts
    return granted(state, await desk.sign_in(data.email, data.password, device_of(request)))


@post("/refresh", summary="Stay signed in", status_code=200, responses=ASKED, security=OPEN)
async def refresh(request: Call, state: State, data: JSONBody[Refresh | None] = None) -> Response[Tokens]:
    """A new access token for a refresh token, which is good once: a new one comes with the answer.

    Within ten seconds the same token gives the same answer; later it means that two have it, and the session ends. A
    browser sends no token but its cookie, with X-CSRF-Token, and gets no refresh token.
    """
    if data is None or data.refresh_token is None:
        if COOKIE not in request.cookies:
            raise Refusal("bad_request", "Send the refresh token.", "refresh_token")
        return tokens(state, await signed_in_by_cookie(request))
    desk: AccountDesk = state.accounts
    return granted(state, await desk.refresh(data.refresh_token, device_of(request)))


@post("/logout", summary="Sign out", status_code=204, responses=ASKED)
async def logout(request: Call, state: State, data: JSONBody[Refresh | None] = None) -> Response[None]:
    """Ends this session: its tokens, its cookie, and within a second its sockets, wherever they are."""
    desk: AccountDesk = state.accounts
    if data is not None and data.refresh_token is not None:
        await desk.leave(data.refresh_token, device_of(request))
    else:
        actor = await provide_actor(request)
        if actor.session:
            await desk.sign_out(actor.sub, actor.session, device_of(request))
    return Response(None, status_code=204, cookies=[cookie("", 0)])


@get("/session", summary="Whose cookie this is", responses=described(429), security=OPEN)
async def session(request: Call, state: State) -> SessionNow:
    """For pages: who is signed in, and the CSRF token that goes with the cookie. 401 without a session."""
    found = await signed_in_by_cookie(request)
    desk: AccountDesk = state.accounts
    return SessionNow(csrf_token=desk.parts.seals.csrf(found.login.sid, found.login.seed), user=view(found.account))


HANDLERS = (register, login, refresh, logout, session)
router = Router(
    "/api/auth", tags=["accounts"], guards=[json_only, by_address, with_secret],
    request_max_body_size=SMALL_BODY_BYTES, route_handlers=list(HANDLERS),
)
