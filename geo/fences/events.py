"""What a fence has to tell. An event's id comes from what happened, so however often it is told it is the same one."""

import hashlib
from typing import Literal, get_args

import msgspec

Kind = Literal["enter", "exit", "dwell", "cross", "speeding", "off_route", "back_on_route"]
FENCE_KINDS: tuple[Kind, ...] = ("enter", "exit", "dwell", "cross", "speeding")
ALL_KINDS: tuple[Kind, ...] = get_args(Kind)


class Event(msgspec.Struct, frozen=True):
    """`ts` is when the edge was crossed, between two fixes; `late`: it became known from points that came late."""

    event_id: str
    fence: str
    kind: Kind
    rider: str
    ts: int
    lat: float
    lng: float
    late: bool = False
    speed_mps: float | None = None
    order: str | None = None


def event_id(fence: str, rider: str, kind: Kind, fix_ts: int) -> str:
    """24 hex digits of the fence, the rider, the kind and the fix that showed it first, by its time."""
    said = "\x1f".join((fence, rider, kind, str(fix_ts)))
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()
