"""What a person wants to hear, on which channel, and when not. Pure: the moment is a parameter.

A choice for a kind (`order.arriving`) counts before one for its group (`order`), that before one for `*`; what nobody
chose is on. Quiet hours are the person's own clock's, also on the days it is put forward or back.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from notifications.notice import CHANNELS, Channel, Priority
from notifications.rules import GROUPS, KINDS

Clock = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]
Kind = Annotated[str, msgspec.Meta(min_length=1, max_length=60, examples=["order"])]
OVERRIDING: Priority = "critical"


class Quiet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours in which nobody is interrupted, unless it is critical. `start` after `end`: over midnight."""

    start: Clock
    end: Clock


class Preferences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whole and as it is kept. `kinds`: for a kind, a group of kinds or `*`, which channels are on or off."""

    time_zone: Annotated[str, msgspec.Meta(max_length=64, examples=["Asia/Manila"])] = "UTC"
    quiet: Quiet | None = None
    kinds: Annotated[dict[Kind, dict[Channel, bool]], msgspec.Meta(max_length=64)] = {}
    digest_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 300


def fault(wanted: Preferences) -> tuple[str, str] | None:
    """The field that cannot be kept, and why; None when all can."""
    if wanted.time_zone not in available_timezones():
        return "time_zone", f"There is no time zone {wanted.time_zone!r}; name one as in Europe/Lisbon."
    known = {"*", *GROUPS, *KINDS}
    unknown = sorted(set(wanted.kinds) - known)
    if unknown:
        return "kinds", f"There is no kind {unknown[0]!r}; there are {', '.join(sorted(known))}."
    if wanted.quiet is not None and wanted.quiet.start == wanted.quiet.end:
        return "quiet", "Quiet hours that begin when they end would never end."
    return None


def allows(preferences: Preferences, kind: str, channel: Channel) -> bool:
    """Whether the person wants this kind on this channel."""
    for name in (kind, kind.partition(".")[0], "*"):
        chosen = preferences.kinds.get(name, {}).get(channel)
        if chosen is not None:
            return chosen
    return True


def quiet_until_ms(preferences: Preferences, now_ms: int) -> int | None:
    """When the quiet hours that hold now will end; None when there are none now."""
    if preferences.quiet is None:
        return None
    zone = ZoneInfo(preferences.time_zone)
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    today = now.astimezone(zone).date()
    start, end = time.fromisoformat(preferences.quiet.start), time.fromisoformat(preferences.quiet.end)
    for day in (today - timedelta(days=1), today):
        begins = datetime.combine(day, start, zone).astimezone(UTC)
        ends = datetime.combine(day + timedelta(days=int(end <= start)), end, zone).astimezone(UTC)
        if begins <= now < ends:
            return round(ends.timestamp() * 1000)
    return None


def all_choices(preferences: Preferences) -> dict[str, dict[str, bool]]:
    """What holds for each group and channel, chosen or not: for a page of switches."""
    return {group: {channel: allows(preferences, group, channel) for channel in CHANNELS} for group in GROUPS}
