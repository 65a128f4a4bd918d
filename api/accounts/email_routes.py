"""Another e-mail address, over HTTP: ask with the password, prove it with the code that came to the new one."""

from litestar import Request, Router, post
from litestar.datastructures import State
from litestar.params import JSONBody

from api.accounts.code_routes import Accepted
from api.accounts.cookie import device_of
from api.accounts.email_desk import EmailDesk
from api.accounts.own_routes import own
from api.accounts.shapes import Code, Email, Password, UserView, view
from api.bearer import Caller
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal, Refused
from api.orders.shapes import Body
from api.problems import described

Call = Request[None, None, State]


class AskForAddress(Body, frozen=True):
    """The address to have from now on, and who says so."""

    email: Email
    current_password: Password


class ConfirmAddress(Body, frozen=True):
    """The code that came to the new address."""

    email: Email
    code: Code


@post("/email", summary="Have another address", status_code=202, responses=described(403, 404, 413, 415, 429))
async def ask_for_address(actor: Caller, state: State, request: Call, data: JSONBody[AskForAddress]) -> Accepted:
    """A code goes to the new address, good for ten minutes and five tries. Nothing changes until it comes back."""
    own(actor)
    desk: EmailDesk = state.emails
    if refused := await desk.ask(actor, data.email, data.current_password, device_of(request)):
        raise Refusal.of(refused)
    return Accepted()


@post("/email/confirm", summary="Prove the new address", status_code=200, responses=described(403, 404, 413, 415, 429))
async def confirm_address(actor: Caller, state: State, request: Call, data: JSONBody[ConfirmAddress]) -> UserView:
    """It is the account's from now on. The old address is told, and all other sessions end."""
    own(actor)
    desk: EmailDesk = state.emails
    answer = await desk.confirm(actor, data.email, data.code, device_of(request))
    if isinstance(answer, Refused):
        raise Refusal.of(answer)
    return view(answer)


HANDLERS = (ask_for_address, confirm_address)
router = Router(
    "/api/users/me", tags=["accounts"], guards=[json_only], request_max_body_size=SMALL_BODY_BYTES,
    route_handlers=list(HANDLERS),
)
