"""There and back: the browser is sent to the provider, and comes back with a code."""

from typing import Annotated

from litestar import Request, Response, Router, get
from litestar.datastructures import Cookie, State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from api.accounts.account import AccountRole
from api.accounts.cookie import device_of
from api.accounts.desk import SignedIn
from api.accounts.oidc.desk import OidcDesk
from api.accounts.oidc.flows import LIFE_S
from api.accounts.routes import tokens, with_secret
from api.accounts.shapes import Tokens
from api.errors import Refusal, Refused
from api.health import OPEN
from api.problems import described
from api.rates.rates import by_address

Call = Request[None, None, State]
COOKIE = "__Host-ridewire-oauth"
ProviderName = Annotated[str, PathParameter(description="as OIDC_ISSUERS names it")]
PAGE = "/login#back"
ANSWERS = described(403, 404, 409, 429)
BACK = {303: ResponseSpec(None, description="To the page that began it")}


def redirect_uri(request: Call, provider: str) -> str:
    """Where the provider sends the browser back to; it knows this address beforehand."""
    base: str = request.app.state.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/api/auth/oauth/{provider}/callback"


def keepsake(value: str) -> Cookie:
    """What the browser keeps while it is away. Lax: it comes back from another site."""
    return Cookie(
        key=COOKIE, value=value, max_age=LIFE_S if value else 0, path="/", secure=True, httponly=True, samesite="lax"
    )


@get("/login", summary="Sign in with another login", status_code=302, responses=ANSWERS, security=OPEN)
async def login(
    request: Call,
    state: State,
    provider: ProviderName,
    role: Annotated[AccountRole, QueryParameter(description="what a new account becomes")] = "customer",
) -> Response[None]:
    """Sends the browser to the provider, with state, nonce and PKCE."""
    desk: OidcDesk = state.oidc
    begun = await desk.begin(provider, role, redirect_uri(request, provider))
    if isinstance(begun, Refused):
        raise Refusal.of(begun)
    address, secret = begun
    return Response(None, status_code=302, headers={"Location": address}, cookies=[keepsake(secret)])


@get("/callback", summary="Back from the provider", responses=ANSWERS | BACK, security=OPEN)
async def callback(
    request: Call,
    state: State,
    provider: ProviderName,
    code: Annotated[str, QueryParameter(max_length=2048)] = "",
    flow: Annotated[str, QueryParameter(name="state", max_length=256)] = "",
    error: Annotated[str, QueryParameter(max_length=256)] = "",
) -> Response[Tokens] | Response[None]:
    """A browser gets the session's cookie and goes back to /login; who accepts JSON gets the tokens as at `login`."""
    desk: OidcDesk = state.oidc
    done: SignedIn | Refused = Refused("forbidden", "The provider did not let you in, or you changed your mind.")
    if code and not error:
        kept = request.cookies.get(COOKIE, "")
        done = await desk.finish(provider, flow, code, kept, redirect_uri(request, provider), device_of(request))
    wants_json = "application/json" in request.headers.get("accept", "")
    if isinstance(done, Refused):
        if wants_json:
            raise Refusal.of(done)
        return back(f"&problem={done.code}", [])
    told = tokens(state, done)
    if wants_json:
        told.set_cookie(keepsake(""))
        return told
    return back("", list(told.cookies))


def back(problem: str, cookies: list[Cookie]) -> Response[None]:
    """To the page that began it; what the browser kept for the way is taken away."""
    headers = {"Location": f"{PAGE}{problem}"}
    return Response(None, status_code=303, headers=headers, cookies=[*cookies, keepsake("")])


HANDLERS = (login, callback)
router = Router(
    "/api/auth/oauth/{provider:str}", tags=["accounts"], guards=[by_address, with_secret], route_handlers=list(HANDLERS)
)
