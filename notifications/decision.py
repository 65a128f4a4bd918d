"""What becomes of a notification that no device has confirmed: sent on a channel, put off, or dropped. Pure."""

from collections.abc import Collection
from typing import Final

import msgspec

from notifications.notice import Notice, Outside
from notifications.preferences import OVERRIDING, Preferences, allows, quiet_until_ms

ACK_WITHIN_MS: Final = 4000  # how long a device has to say that it arrived
LATEST_TRIES: Final = 8


class Send(msgspec.Struct, frozen=True):
    """Interrupt the person on this channel."""

    channel: Outside


class Wait(msgspec.Struct, frozen=True):
    """Not now; look again then."""

    until_ms: int


class Drop(msgspec.Struct, frozen=True):
    """Interrupt nobody. `why` is kept with the notification, which stays in the person's log."""

    why: str


def decide(
    notice: Notice, preferences: Preferences, reachable: Collection[str], failed: Collection[str], now_ms: int, *,
    is_true: bool,
) -> Send | Wait | Drop:
    """`reachable`: channels that are set up here and have an address; `failed`: those that refused for good."""
    if now_ms >= notice.expires_ms:
        return Drop("expired")
    if not is_true:
        return Drop("outdated")
    wanted = [channel for channel in notice.fallback if allows(preferences, notice.kind, channel)]
    if not wanted:
        return Drop("not_wanted")
    open_ways = [channel for channel in wanted if channel in reachable and channel not in failed]
    if not open_ways:
        return Drop("failed" if failed else "unreachable")
    quiet_ms = None if notice.priority == OVERRIDING else quiet_until_ms(preferences, now_ms)
    if quiet_ms is not None:
        return Wait(quiet_ms) if quiet_ms < notice.expires_ms else Drop("quiet_hours")
    return Send(open_ways[0])


def again_ms(now_ms: int, tries: int, after_s: float | None = None) -> int:
    """When to try a provider again that did not take it: 2, 4, 8 … 60 s, or when it asked to be."""
    return now_ms + round(1000 * max(after_s or 0.0, min(60.0, 2.0**tries)))
