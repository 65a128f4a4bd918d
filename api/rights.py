"""Who may do what: one function for REST and socket alike. What no rule allows is denied."""

from typing import Literal

import msgspec

Role = Literal["customer", "vendor", "rider", "dispatcher", "admin", "guest"]
STAFF = frozenset({"dispatcher", "admin"})
ENDED = frozenset({"delivered", "cancelled"})


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a checked token. `order` is set for guests only: the one order their share link opens.

    `session` is set for people with an account here, while they are signed in; foreign issuers' tokens have none.
    """

    sub: str
    role: Role
    expires_at: float
    token_id: str = ""
    name: str = ""
    order: str = ""
    session: str = ""


class OrderParties(msgspec.Struct, frozen=True, kw_only=True):
    """What rights need to know of an order."""

    id: str
    customer: str
    vendor: str
    rider: str = ""
    status: str = ""


class RiderThing(msgspec.Struct, frozen=True):
    """A rider as a thing to look at."""

    id: str


class VendorThing(msgspec.Struct, frozen=True):
    """A vendor's shop as a thing to look at."""

    id: str


class CustomerThing(msgspec.Struct, frozen=True):
    """A customer's own affairs: their cart."""

    id: str


class Booking(msgspec.Struct, frozen=True):
    """An appointment between a customer and a vendor."""

    customer: str
    vendor: str


class UserThing(msgspec.Struct, frozen=True):
    """A person's own mailbox: `user:{sub}`."""

    sub: str


class RoomThing(msgspec.Struct, frozen=True):
    """A room as a thing to be in: its members as (sub, role), and whether it is for support, where all staff are."""

    members: tuple[tuple[str, str], ...]
    is_support: bool = False


class Everything(msgspec.Struct, frozen=True):
    """The whole fleet: areas, `ops`, lists over all riders."""


Thing = OrderParties | RiderThing | VendorThing | CustomerThing | Booking | UserThing | RoomThing | Everything

# How an actor stands to a thing. Staff stand to everything as staff; the others only to what is theirs.
Relation = Literal["admin", "dispatcher", "customer", "vendor", "rider", "guest", "self"]
Action = Literal[
    "order.create", "order.watch", "order.read", "order.assign", "order.step", "order.cancel", "order.share",
    "order.track", "rider.watch", "rider.read", "rider.track", "rider.report", "vendor.watch", "user.watch",
    "device.keep", "fleet.watch", "fleet.read", "route.plan", "fence.read", "fence.edit",
    "room.watch", "room.read", "room.send", "room.mark", "room.report", "room.block",
    "room.mute", "reports.read",
    "attachment.upload", "events.read", "events.replay",
    "contacts.edit", "webhooks.edit",
    "order.evidence",
    "product.edit", "store.edit", "order.rate", "cart.use", "appointment.book", "appointment.cancel", "earnings.read",
    "activity.write", "analytics.read", "job.read",
    "room.mute", "reports.read", "user.edit", "users.edit", "audit.read",
]
MEMBERS: frozenset[Relation] = frozenset({"admin", "dispatcher", "customer", "vendor", "rider"})

ALLOWED: dict[Action, frozenset[Relation]] = {
    "order.create": frozenset({"admin", "customer"}),
    "order.watch": frozenset({"admin", "dispatcher", "customer", "vendor", "rider", "guest"}),
    "order.read": frozenset({"admin", "dispatcher", "customer", "vendor", "rider"}),
    "order.assign": frozenset({"admin", "dispatcher"}),
    # Which step each of them may take is told by api/orders/rules.py.
    "order.step": frozenset({"admin", "dispatcher", "vendor", "rider"}),
    "order.cancel": frozenset({"admin", "dispatcher", "customer", "vendor"}),
    "order.share": frozenset({"admin", "dispatcher", "customer"}),
    "order.track": frozenset({"admin", "dispatcher", "customer", "rider"}),
    "rider.watch": frozenset({"admin", "dispatcher", "self"}),
    "rider.read": frozenset({"admin", "dispatcher", "self"}),
    "rider.track": frozenset({"admin", "dispatcher", "self"}),
    "rider.report": frozenset({"self"}),
    "device.keep": frozenset({"admin", "self"}),
    "vendor.watch": frozenset({"admin", "self"}),
    "user.watch": frozenset({"self"}),
    "fleet.watch": frozenset({"admin", "dispatcher"}),
    "fleet.read": frozenset({"admin", "dispatcher"}),
    "route.plan": frozenset({"admin", "dispatcher"}),
    "fence.read": frozenset({"admin", "dispatcher"}),
    "fence.edit": frozenset({"admin", "dispatcher"}),
    # Members only; staff are members of support rooms and of no others. tests/api/rooms/test_rights_matrix.py asks all.
    "room.watch": MEMBERS,
    "room.read": MEMBERS,
    "room.send": MEMBERS,
    "room.mark": MEMBERS,
    "room.report": MEMBERS,
    "room.mute": MEMBERS,
    "room.block": frozenset({"customer", "vendor"}),
    "attachment.upload": frozenset({"self"}),
    "order.evidence": frozenset({"admin", "dispatcher"}),
    "reports.read": frozenset({"admin"}),
    "events.read": frozenset({"admin"}),
    "events.replay": frozenset({"admin"}),
    "contacts.edit": frozenset({"admin"}),
    "webhooks.edit": frozenset({"admin"}),
    # Trade: a vendor on what is their own, an admin on everybody's.
    "product.edit": frozenset({"admin", "self"}),
    "store.edit": frozenset({"admin", "self"}),
    "job.read": frozenset({"admin", "self"}),
    "analytics.read": frozenset({"admin", "dispatcher", "self"}),
    "order.rate": frozenset({"customer"}),
    "cart.use": frozenset({"self"}),
    "appointment.book": frozenset({"admin", "customer"}),
    "appointment.cancel": frozenset({"admin", "customer", "vendor"}),
    "earnings.read": frozenset({"admin", "dispatcher", "self"}),
    "activity.write": frozenset({"self"}),
    "user.edit": frozenset({"self"}),
    "users.edit": frozenset({"admin"}),
    "audit.read": frozenset({"admin"}),
}


def _is_theirs(actor: Actor, thing: Thing) -> Relation | None:
    """How one who is not staff stands to a thing. A role is part of it: rider `x` is not customer `x`."""
    match thing, actor.role:
        case OrderParties(customer=sub), "customer" if sub == actor.sub:
            return "customer"
        case OrderParties(vendor=sub), "vendor" if sub == actor.sub:
            return "vendor"
        case OrderParties(rider=sub), "rider" if sub == actor.sub:
            return "rider"
        case OrderParties(id=order, status=status), "guest" if order and order == actor.order and status not in ENDED:
            return "guest"  # a share link dies with its order
        case Booking(customer=sub), "customer" if sub == actor.sub:
            return "customer"
        case Booking(vendor=sub), "vendor" if sub == actor.sub:
            return "vendor"
        case (
            (RiderThing(id=sub), "rider") | (VendorThing(id=sub), "vendor") | (CustomerThing(id=sub), "customer")
        ) if sub == actor.sub:
            return "self"
        case _:
            return None


def relation(actor: Actor, thing: Thing) -> Relation | None:
    """How the actor stands to the thing; None for a stranger. An empty `sub` stands to nothing."""
    if not actor.sub:
        return None
    if isinstance(thing, UserThing):
        return "self" if actor.role != "guest" and thing.sub == actor.sub else None
    if isinstance(thing, RoomThing):
        return _in_room(actor, thing)
    if actor.role == "admin" or actor.role == "dispatcher":
        return actor.role
    return _is_theirs(actor, thing)


def _in_room(actor: Actor, room: RoomThing) -> Relation | None:
    """Members by name and role; a guest is in no room."""
    if actor.role == "guest":
        return None
    if (actor.sub, actor.role) in room.members or (room.is_support and actor.role in STAFF):
        return actor.role
    return None


def may(actor: Actor, action: Action, thing: Thing) -> bool:
    """May the actor do this to that? Unknown actions are denied."""
    return relation(actor, thing) in ALLOWED.get(action, frozenset())
