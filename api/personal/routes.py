"""What is kept about oneself, over HTTP: all of it, and the end of it."""

from typing import Any

from litestar import Request, Response, delete, get
from litestar.datastructures import State

from api.accounts.cookie import cookie, device_of
from api.accounts.desk import AccountDesk, now_ms
from api.accounts.own_routes import own, session_view
from api.accounts.shapes import view
from api.bearer import Caller
from api.personal.erasure import Erasures
from api.personal.shelves import MORE, Whose
from api.personal.store import PersonalStore
from api.problems import described

Call = Request[None, None, State]


@delete("/users/me", summary="Erase me", responses=described(403, 429))
async def erase_me(actor: Caller, state: State, request: Call) -> Response[None]:
    """The account, its sessions, words, carts, phones, tracks, contacts. What must be kept stays under an id that leads
    to nobody; an order that is under way is finished first. It is done also if this process dies meanwhile."""
    own(actor)
    desk: AccountDesk = state.accounts
    erasures: Erasures = state.erasures
    account = await desk.parts.store.get(actor.sub)
    if account is not None:
        desk.parts.trail.note("erased", actor.sub, device_of(request))
    await erasures.ask(Whose(sub=actor.sub, role=actor.role, email=account.email if account else ""))
    return Response(None, status_code=204, cookies=[cookie("", 0)])


@get("/users/me/export", summary="All that is kept about me", responses=described(403, 429))
async def export_me(actor: Caller, state: State, request: Call) -> dict[str, Any]:
    """The account, its sessions and every shelf with something of one's own, the newest thousand of each; `cut` names
    those that hold more, and `more` where the long ones are read page by page."""
    own(actor)
    desk: AccountDesk = state.accounts
    store: PersonalStore = state.personal
    desk.parts.trail.note("exported", actor.sub, device_of(request))
    account = await desk.parts.store.get(actor.sub)
    logins = await desk.parts.sessions.of_user(actor.sub, now_ms())
    shelves, cut = await store.export(Whose(sub=actor.sub, role=actor.role))
    return {
        "user": view(account) if account else None,
        "sessions": [session_view(login, actor.session) for login in logins],
        **shelves,
        "cut": cut,
        "more": [each.format(id=actor.sub) for each in MORE],
    }


HANDLERS = (erase_me, export_me)
