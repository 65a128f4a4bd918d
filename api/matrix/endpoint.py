"""What an endpoint asks of whoever calls it, and what that means for a role on its own thing and on another's. Pure."""

from typing import Literal, get_args

import msgspec

from api.rights import (
    STAFF,
    Action,
    Actor,
    Booking,
    CustomerThing,
    Everything,
    OrderParties,
    RiderThing,
    Role,
    RoomThing,
    Thing,
    UserThing,
    VendorThing,
    may,
    relation,
)

Kind = Literal["order", "rider", "vendor", "customer", "booking", "user", "room", "everything"]
Door = Literal["anyone", "token", "person", "thing"]
ROLES: tuple[Role, ...] = get_args(Role)
ME, NOT_ME = "me", "somebody-else"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """`door`: `anyone` needs no token, `token` any, `person` any but a share link's, `thing` the action on the thing.

    Without an action the thing must be the caller's in any way. `roles` narrows further.
    """

    door: Door
    thing: Kind = "everything"
    action: Action | None = None
    roles: tuple[Role, ...] = ROLES


ANYONE, TOKEN, PERSON = Endpoint(door="anyone"), Endpoint(door="token"), Endpoint(door="person")


def on(thing: Kind, action: Action | None, *roles: Role) -> Endpoint:
    """An endpoint that asks `may(actor, action, thing)`."""
    return Endpoint(door="thing", action=action, thing=thing, roles=roles or ROLES)


def only(*roles: Role) -> Endpoint:
    """An endpoint for people of these roles, on what is their own by itself."""
    return Endpoint(door="person", roles=roles)


def thing_of(kind: Kind, role: Role, *, own: bool) -> Thing:
    """A thing of this kind: the caller's own, or one that is not. Staff's own rooms are those for support."""
    who = ME if own else NOT_ME
    things: dict[Kind, Thing] = {
        "order": OrderParties(id=who, customer=who, vendor=who, rider=who), "rider": RiderThing(who),
        "vendor": VendorThing(who), "customer": CustomerThing(who), "booking": Booking(who, who),
        "user": UserThing(who), "room": RoomThing(((who, role),), is_support=own and role in STAFF),
        "everything": Everything(),
    }
    return things[kind]


def is_let_in(endpoint: Endpoint, role: Role | None, *, own: bool) -> bool:
    """Whether somebody of this role (None: without a token) may call it, on their own thing or on another's."""
    if endpoint.door == "anyone":
        return True
    if role is None or role not in endpoint.roles or (endpoint.door == "person" and role == "guest"):
        return False
    if endpoint.door != "thing":
        return own
    actor = Actor(sub=ME, role=role, expires_at=0, order=ME if role == "guest" else "")
    thing = thing_of(endpoint.thing, role, own=own)
    if endpoint.action is None:
        return relation(actor, thing) is not None
    return may(actor, endpoint.action, thing)


def word(endpoint: Endpoint, role: Role | None) -> str:
    """The cell of the table: `all`, `own`, or a dash."""
    if is_let_in(endpoint, role, own=False):
        return "all"
    return "own" if is_let_in(endpoint, role, own=True) else "–"
