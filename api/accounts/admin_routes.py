"""Accounts as admins see them: find one, give it another role, shut it out."""

from typing import Annotated, Any

from litestar import Request, Router, get, patch
from litestar.datastructures import State
from litestar.params import JSONBody, PathParameter, QueryParameter

from api.accounts.account import AccountRole
from api.accounts.cookie import device_of
from api.accounts.desk import AccountDesk
from api.accounts.rules import email_key
from api.accounts.shapes import ChangeUser, UserPage, UserView, view
from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal, Refused
from api.problems import described
from api.rights import Actor, Everything, may


def admins_only(actor: Actor) -> None:
    """Raises Refusal for anybody else."""
    if not may(actor, "users.edit", Everything()):
        raise Refusal("forbidden", "Accounts of others are for admins.")


@get("/", summary="All accounts", responses=described(403, 429))
async def users(
    actor: Caller,
    state: State,
    email: Annotated[str | None, QueryParameter(max_length=254, description="only the one with this address")] = None,
    role: Annotated[AccountRole | None, QueryParameter(description="only those of this role")] = None,
    after: Annotated[str | None, QueryParameter(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> UserPage:
    """For admins."""
    admins_only(actor)
    desk: AccountDesk = state.accounts
    where: dict[str, Any] = {} if email is None else {"email": email_key(email)}
    where |= {} if role is None else {"role": role}
    found = await desk.parts.store.page(where, after, limit + 1)
    return UserPage(items=[view(each) for each in found[:limit]], next=found[limit - 1].id if found[limit:] else None)


@patch("/{user_id:str}", summary="Change a role, or shut somebody out", responses=described(403, 404, 413, 415, 429))
async def change_user(
    actor: Caller,
    state: State,
    request: Request[None, None, State],
    user_id: Annotated[str, PathParameter(description="the account's id")],
    data: JSONBody[ChangeUser],
) -> UserView:
    """For admins. Either ends the account's sessions at once; whoever is disabled cannot sign in."""
    admins_only(actor)
    desk: AccountDesk = state.accounts
    answer = await desk.change_user(user_id, actor, device_of(request), role=data.role, disabled=data.disabled)
    if isinstance(answer, Refused):
        raise Refusal.of(answer)
    return view(answer)


HANDLERS = (users, change_user)
router = Router(
    "/api/users", tags=["accounts"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=list(HANDLERS),
)
