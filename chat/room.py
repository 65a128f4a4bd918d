"""Who is in a room, what kind of room it is, and until when it can be written to. Rooms are values."""

import re
from datetime import datetime, timedelta
from typing import Literal

import msgspec

Kind = Literal["shop", "order", "support"]
CLOSES_AFTER = timedelta(hours=24)
ENDED = frozenset({"delivered", "cancelled"})
STAFF = frozenset({"dispatcher", "admin"})
QUICK_REPLIES: dict[str, tuple[str, ...]] = {
    "rider": ("I'm here", "5 minutes", "I'm on my way", "I can't find the door", "Please come down"),
    "customer": ("Thank you", "I'm coming down", "Please leave it at the door", "Please ring the bell"),
    "vendor": ("It will be ready in 10 minutes", "It is ready", "We are out of one item", "Thank you"),
    "dispatcher": ("How can I help?", "I am looking into it", "It is solved"),
}


class No(msgspec.Struct, frozen=True):
    """A refusal: `code` of api/errors.py, a full sentence, the field at fault, when to try again."""

    code: str
    message: str
    field: str | None = None
    after_ms: int | None = None


class Person(msgspec.Struct, frozen=True):
    """Whoever acts. A role is part of it: rider `x` is not customer `x`."""

    sub: str
    role: str
    name: str = ""

    @property
    def key(self) -> str:
        """One name for both."""
        return f"{self.role}:{self.sub}"


SYSTEM = Person("system", "system")


class Member(msgspec.Struct, frozen=True):
    """Somebody who is in the room."""

    user: str
    role: str
    name: str = ""


class Block(msgspec.Struct, frozen=True):
    """`by` does not want to hear from `user`."""

    by: str
    user: str


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room at `version`, which each change of it raises. `closes_at`: when it becomes read-only; None: never."""

    id: str
    kind: Kind
    members: tuple[Member, ...]
    created_at: datetime
    updated_at: datetime
    order: str | None = None
    order_rev: int = 0
    version: int = 1
    closes_at: datetime | None = None
    blocks: tuple[Block, ...] = ()
    muted: tuple[str, ...] = ()

    @property
    def channel(self) -> str:
        """The name of its channel."""
        return f"room:{self.id}"

    def is_open(self, now: datetime) -> bool:
        """Whether anything can be said in it."""
        return self.closes_at is None or now < self.closes_at

    def has(self, sub: str, role: str) -> bool:
        """Whether this person is in: by name, or in a support room by being staff."""
        if any(member.user == sub and member.role == role for member in self.members):
            return True
        return self.kind == "support" and role in STAFF


class OrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a room needs to know of its order."""

    id: str
    customer: str
    vendor: str
    rider: str | None
    status: str
    rev: int
    updated_at: datetime


def shop_room(vendor: str, customer: str, now: datetime) -> Room:
    """The room of a shop and a customer; its id follows from theirs."""
    members = (Member(customer, "customer"), Member(vendor, "vendor"))
    return Room(
        id=f"vendor_{vendor}_customer_{customer}", kind="shop", members=members, created_at=now, updated_at=now
    )


def support_room(person: Person, now: datetime) -> Room:
    """Somebody's room with those who run the service."""
    member = Member(person.sub, person.role, person.name)
    return Room(id=f"support_{person.sub}", kind="support", members=(member,), created_at=now, updated_at=now)


def order_room(order: OrderFacts, before: Room | None, now: datetime) -> Room:
    """The order's room as its state wants it: the rider is in from assignment to the end, a day later all is read-only.

    What the room knows already, or knows better, stays as it is.
    """
    if before is not None and before.order_rev >= order.rev:
        return before
    has_ended = order.status in ENDED
    members = [Member(order.customer, "customer"), Member(order.vendor, "vendor")]
    if order.rider and not has_ended:
        members.append(Member(order.rider, "rider"))
    return Room(
        id=f"order_{order.id}", kind="order", members=tuple(members), order=order.id, order_rev=order.rev,
        version=before.version + 1 if before else 1, created_at=before.created_at if before else now, updated_at=now,
        closes_at=order.updated_at + CLOSES_AFTER if has_ended else None, blocks=before.blocks if before else (),
        muted=before.muted if before else (),
    )


def check_send(room: Room, person: Person, now: datetime) -> No | None:
    """Why nothing can be said here now by this member; None when it can."""
    if not room.is_open(now):
        return No("room_closed", "This room can only be read.", "room")
    blocked_by = [block.by for block in room.blocks if block.user == person.sub]
    if room.kind == "shop" and blocked_by:
        return No("blocked", "You were blocked in this room.", "room")
    return None


def check_block(room: Room, person: Person, user: str) -> No | None:
    """Why this member cannot block that one; None when they can."""
    if room.kind != "shop":
        return No("forbidden", "Blocking is for rooms of a shop and a customer; report or mute here.", "room")
    if user == person.sub or not any(member.user == user for member in room.members):
        return No("not_found", f"There is no other member {user}.", "user")
    return None


def apply_block(room: Room, by: str, user: str, on: bool, now: datetime) -> Room:
    """The room with the block, or without it."""
    rest = tuple(block for block in room.blocks if (block.by, block.user) != (by, user))
    blocks = (*rest, Block(by, user)) if on else rest
    return room if blocks == room.blocks else msgspec.structs.replace(room, blocks=blocks, updated_at=now)


def apply_mute(room: Room, user: str, on: bool, now: datetime) -> Room:
    """The room muted for this member, or not any more."""
    rest = tuple(each for each in room.muted if each != user)
    muted = (*rest, user) if on else rest
    return room if muted == room.muted else msgspec.structs.replace(room, muted=muted, updated_at=now)


ROOM_ID = re.compile(r"^(vendor_.+_customer_.+|order_.+|support_.+)$")


def is_room_id(text: str) -> bool:
    """Whether a room could be called so."""
    return ROOM_ID.match(text) is not None
