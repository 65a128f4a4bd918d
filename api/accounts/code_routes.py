"""Codes over HTTP. Every answer to an address is the same, whoever has it."""

from typing import Literal

import msgspec
from litestar import Request, Router, post
from litestar.datastructures import State
from litestar.params import JSONBody

from api.accounts.code_desk import CodeDesk
from api.accounts.codes import Purpose
from api.accounts.cookie import device_of
from api.accounts.routes import ASKED, with_secret
from api.accounts.shapes import Code, Email, NewPassword
from api.bodies import SMALL_BODY_BYTES, json_only
from api.errors import Refusal
from api.health import OPEN
from api.orders.shapes import Body
from api.rates.rates import by_address

Call = Request[None, None, State]


class AskForCode(Body, frozen=True):
    """Where to send a code, and what for."""

    email: Email
    purpose: Purpose


class Verify(Body, frozen=True):
    """The code that came to the address."""

    email: Email
    code: Code
    purpose: Literal["verify"] = "verify"


class Reset(Body, frozen=True):
    """The code that came to the address, and the password to have from now on."""

    email: Email
    code: Code
    password: NewPassword


class Accepted(msgspec.Struct, frozen=True):
    """If somebody has this address, a letter is on its way."""

    status: Literal["accepted"] = "accepted"


class Done(msgspec.Struct, frozen=True):
    """The code was right."""

    status: Literal["done"] = "done"


@post("/codes", summary="Have a code sent", status_code=202, responses=ASKED, security=OPEN)
async def ask_for_code(request: Call, state: State, data: JSONBody[AskForCode]) -> Accepted:
    """Six digits by e-mail, good for ten minutes and five tries; a new one takes the old one's place.

    The same answer for every address, also where e-mail is not set up. At most five an hour leave for one address.
    """
    codes: CodeDesk = state.codes
    await codes.send(data.email, data.purpose, device_of(request))
    return Accepted()


@post("/codes/verify", summary="Prove an address", status_code=200, responses=ASKED, security=OPEN)
async def verify(request: Call, state: State, data: JSONBody[Verify]) -> Done:
    """400 `bad_code` for a code that is wrong, used, old, or for something else."""
    codes: CodeDesk = state.codes
    if refused := await codes.verify(data.email, data.code, device_of(request)):
        raise Refusal.of(refused)
    return Done()


@post("/password-reset", summary="Set a new password with a code", status_code=200, responses=ASKED, security=OPEN)
async def reset(request: Call, state: State, data: JSONBody[Reset]) -> Done:
    """Ends all sessions of the account. A password that will not do leaves the code as it is."""
    codes: CodeDesk = state.codes
    if refused := await codes.reset(data.email, data.code, data.password, device_of(request)):
        raise Refusal.of(refused)
    return Done()


HANDLERS = (ask_for_code, verify, reset)
router = Router(
    "/api/auth", tags=["accounts"], guards=[json_only, by_address, with_secret],
    request_max_body_size=SMALL_BODY_BYTES, route_handlers=list(HANDLERS),
)
