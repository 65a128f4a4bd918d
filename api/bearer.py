"""Who is calling: a bearer token, a browser's cookie or a signature, checked once, handed to handlers.

Whoever it is has a number of calls a minute to each endpoint; the one too many is refused here.
"""

from collections.abc import Awaitable, Callable

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency

from api.errors import Refusal, Refused
from api.rates.rates import Rates
from api.rights import Actor

Caller = NamedDependency[Actor]  # how a handler asks for it: `actor: Caller`
Authenticate = Callable[[str], Awaitable[Actor | Refused]]
Call = Request[None, None, State]
ByCookie = Callable[[Call], Awaitable[Actor]]
BySignature = Callable[[Call, str], Awaitable[Actor]]
ACTOR = "actor"  # where the request keeps who it was, for the audit log
SIGNED = "RW-HMAC-SHA256"
COOKIE = "__Host-ridewire"


async def provide_actor(request: Call) -> Actor:
    """The app-wide dependency `actor`. Raises Refusal: 401, 403 for a cookie from elsewhere, 429, or 503."""
    actor = await _who(request)
    request.scope["state"][ACTOR] = actor
    rates: Rates = request.app.state.rates
    await rates.of_person(request, actor)
    return actor


async def _who(request: Call) -> Actor:
    given = request.headers.get("authorization", "")
    if not given and COOKIE in request.cookies:
        by_cookie: ByCookie = request.app.state.by_cookie
        return await by_cookie(request)
    scheme, _, token = given.partition(" ")
    if scheme.upper() == SIGNED:
        by_signature: BySignature = request.app.state.by_signature
        return await by_signature(request, token)
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal("no_token", "This needs the header `Authorization: Bearer TOKEN`.")
    authenticate: Authenticate = request.app.state.authenticate
    answer = await authenticate(token.strip())
    if isinstance(answer, Refused):
        raise Refusal.of(answer)
    return answer
