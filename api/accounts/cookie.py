"""The browser's cookie: it stands for an access token, but only for what a page of ours asks.

`__Host-` and SameSite=Strict keep it from other hosts and sites. Besides, whatever changes something needs our own
Origin and the CSRF token in X-CSRF-Token, which a page learns when somebody signs in, or from GET /api/auth/session.
"""

from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie, State

from api.accounts.account import Device
from api.accounts.desk import AccountDesk, SignedIn
from api.accounts.rules import one_line, shortened
from api.accounts.seals import Seals, Shown
from api.bearer import COOKIE as NAME
from api.errors import Refusal, Refused
from api.rights import Actor

CSRF_HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Asked = Request[Any, Any, State]


def device_of(request: Asked) -> Device:
    """Where a request comes from, as far as it is kept."""
    address = request.client.host if request.client else ""
    return Device(shortened(address), one_line(request.headers.get("user-agent", "")))


def cookie(value: str, lives_s: int) -> Cookie:
    """The cookie; with an empty value it takes itself away."""
    return Cookie(
        key=NAME, value=value, max_age=lives_s if value else 0, path="/", secure=True, httponly=True, samesite="strict"
    )


def own_origins(request: Asked) -> set[str]:
    """What a page of ours calls itself: the address of this request, and where people find the service."""
    public = urlsplit(request.app.state.settings.public_url)
    return {f"{request.url.scheme}://{request.headers.get('host', '')}", f"{public.scheme}://{public.netloc}"}


def refuse_foreign(request: Asked, signed_in: SignedIn, seals: Seals) -> Refused | None:
    """Why a request that may change something does not come from a page of ours."""
    if request.method in SAFE:
        return None
    if request.headers.get("origin", "") not in own_origins(request):
        return Refused("csrf", "With the cookie only pages of this service may do this.", "Origin")
    token = request.headers.get(CSRF_HEADER, "")
    if not seals.holds("csrf", Shown(signed_in.login.sid, 0, token), signed_in.login.seed):
        return Refused("csrf", "Send the CSRF token of this session, from GET /api/auth/session.", CSRF_HEADER)
    return None


async def signed_in_by_cookie(request: Asked) -> SignedIn:
    """The session behind the cookie; raises Refusal when there is none, or when the request is not from us."""
    desk: AccountDesk = request.app.state.accounts
    found = await desk.by_cookie(request.cookies.get(NAME, ""))
    if isinstance(found, Refused):
        raise Refusal.of(found)
    if refused := refuse_foreign(request, found, desk.parts.seals):
        desk.parts.trail.note("csrf_refused", found.account.id, device_of(request), path=request.url.path)
        raise Refusal.of(refused)
    return found


async def actor_by_cookie(request: Asked) -> Actor:
    """The same as whoever acts."""
    found = await signed_in_by_cookie(request)
    account, login = found.account, found.login
    return Actor(
        sub=account.id, role=account.role, name=account.name, session=login.sid, expires_at=login.ends / 1000
    )
