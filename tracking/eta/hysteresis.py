"""When a new arrival is worth telling: moved by half a minute or a tenth, or its basis changed; not too often."""

import msgspec

MOVED_S, MOVED_SHARE = 30.0, 0.1
NOT_WITHIN_S = 10.0


class Told(msgspec.Struct, frozen=True):
    """What watchers were last told: arrival and instant of telling in epoch seconds."""

    at_s: float
    told_s: float
    basis: str
    stops_before: int = 0


def is_news(told: Told | None, at_s: float, basis: str, stops_before: int, now_s: float) -> bool:
    """Whether to tell this arrival now. A tenth is of the time that was left when watchers were last told.

    Telling the time in a message of its own: a later look may find news that came too soon to be told.
    """
    if told is None:
        return True
    if now_s - told.told_s < NOT_WITHIN_S:
        return False
    moved_s = abs(at_s - told.at_s)
    left_s = max(told.at_s - now_s, 0.0)
    return moved_s >= MOVED_S or (moved_s >= MOVED_SHARE * left_s and moved_s >= 1.0) or (
        basis != told.basis or stops_before != told.stops_before
    )
