"""Rights: what is allowed is written down, everything else is denied."""

from itertools import product
from typing import get_args

import pytest

from api.rights import (
    ALLOWED,
    Action,
    Actor,
    Booking,
    CustomerThing,
    Everything,
    OrderParties,
    RiderThing,
    Role,
    RoomThing,
    UserThing,
    VendorThing,
    may,
)

ORDER = OrderParties(id="o1", customer="c1", vendor="v1", rider="r1")
ROOM = RoomThing((("c1", "customer"), ("v1", "vendor"), ("r1", "rider")))
SUPPORT = RoomThing((("c1", "customer"),), is_support=True)
THINGS = [ORDER, RiderThing("r1"), VendorThing("v1"), CustomerThing("c1"), Booking("c1", "v1"),
          UserThing("u1"), Everything(), ROOM, SUPPORT]


def actor(role: Role, sub: str, order: str = "") -> Actor:
    return Actor(sub=sub, role=role, expires_at=0, order=order)


def test_every_action_has_a_row() -> None:
    """An action without a row would be denied to everybody by accident."""
    assert set(get_args(Action)) == set(ALLOWED)


def test_an_unknown_action_is_denied_even_to_an_admin() -> None:
    """Default deny."""
    assert may(actor("admin", "a1"), "order.burn", ORDER) is False  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [role for role in get_args(Role) if role not in ("admin", "dispatcher")])
@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("thing", THINGS, ids=repr)
def test_a_stranger_may_do_nothing(role: Role, action: Action, thing: OrderParties) -> None:
    """A token of any role gives nothing on things of others."""
    assert may(actor(role, "stranger", order="o2" if role == "guest" else ""), action, thing) is False


def test_a_name_shared_across_roles_gives_no_rights() -> None:
    """Rider `c1` is not customer `c1`."""
    roles: tuple[Role, ...] = ("customer", "vendor", "rider", "guest")
    assert [True, False, False, False] == [may(actor(role, "c1"), "order.watch", ORDER) for role in roles]


def test_an_unassigned_order_belongs_to_no_rider() -> None:
    """An empty rider field matches nobody, not even an empty sub."""
    unassigned = OrderParties(id="o1", customer="c1", vendor="v1")
    assert not may(actor("rider", ""), "order.watch", unassigned)
    assert not may(actor("rider", "r1"), "order.watch", unassigned)


def test_a_guest_watches_one_order_and_nothing_else() -> None:
    """A share link is read only and opens one order."""
    guest = actor("guest", "guest-1", order="o1")
    allowed = {action for action in get_args(Action) if may(guest, action, ORDER)}
    assert {"order.watch"} == allowed
    assert not may(guest, "order.watch", OrderParties(id="o2", customer="c1", vendor="v1"))
    assert not may(guest, "user.watch", UserThing("guest-1"))


def test_channels_follow_the_contract() -> None:
    """Who may open which channel, as the protocol's table of channels tells."""
    people = {
        "customer": actor("customer", "c1"), "vendor": actor("vendor", "v1"), "rider": actor("rider", "r1"),
        "dispatcher": actor("dispatcher", "d1"), "admin": actor("admin", "a1"),
        "guest": actor("guest", "g", order="o1"),
    }
    expected = {
        ("order.watch", ORDER): {"customer", "vendor", "rider", "dispatcher", "admin", "guest"},
        ("rider.watch", RiderThing("r1")): {"rider", "dispatcher", "admin"},
        ("fleet.watch", Everything()): {"dispatcher", "admin"},
        ("vendor.watch", VendorThing("v1")): {"vendor", "admin"},
        ("user.watch", UserThing("c1")): {"customer"},
    }
    for ((action, thing), allowed), (name, person) in product(expected.items(), people.items()):
        assert (name in allowed) == may(person, action, thing), (name, action)  # type: ignore[arg-type]


def test_rooms_are_for_their_members() -> None:
    """Every role on every room: members by name and role, staff in support rooms only, guests in none."""
    subs = {"customer": "c1", "vendor": "v1", "rider": "r1", "dispatcher": "d1", "admin": "a1", "guest": "c1"}
    rooms = (ROOM, SUPPORT)
    may_read = [
        (role, [may(actor(role, sub), "room.read", room) for room in rooms]) for role, sub in subs.items()  # type: ignore[arg-type]
    ]
    assert [
        ("customer", [True, True]), ("vendor", [True, False]), ("rider", [True, False]), ("dispatcher", [False, True]),
        ("admin", [False, True]), ("guest", [False, False]),
    ] == may_read
