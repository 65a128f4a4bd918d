"""How often a phone should report next: often while somebody watches, seldom when unwatched, parked or low."""

import msgspec

LOW_BATTERY = 0.15

# (somebody watches, battery is low, the rider stands still) -> what the phone is told
PACE: dict[tuple[bool, bool, bool], tuple[int, str]] = {
    (True, False, False): (1_000, "watched"),
    (True, False, True): (3_000, "watched, parked"),
    (True, True, False): (3_000, "watched, low battery"),
    (True, True, True): (10_000, "watched, parked, low battery"),
    (False, False, False): (5_000, "nobody is watching"),
    (False, False, True): (30_000, "parked"),
    (False, True, False): (20_000, "low battery"),
    (False, True, True): (60_000, "parked, low battery"),
}


class Next(msgspec.Struct, frozen=True):
    """When the phone should report again, and why, for the rider to read."""

    interval_ms: int
    why: str


NEXT = {situation: Next(*pace) for situation, pace in PACE.items()}


def steer(*, watched: bool, parked: bool, battery: float | None) -> Next:
    """What to tell the phone. `battery` is 0 to 1, None when unknown."""
    return NEXT[watched, battery is not None and battery < LOW_BATTERY, parked]
