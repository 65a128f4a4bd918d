"""The dashboard's numbers from what was counted."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from api.orders.order import new_id, to_ms


class Money(msgspec.Struct, frozen=True):
    """An amount in minor units."""

    currency: str
    amount: int


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Orders placed that day, and what has become of them since."""

    placed: int
    delivered: int
    cancelled: int
    open: int


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Orders delivered that day: seconds from placing to the door, and the share of late ones; null without any."""

    delivered: int
    mean_s: float | None
    median_s: float | None
    p90_s: float | None
    ride_mean_s: float | None
    late_share: float | None


class Viewed(msgspec.Struct, frozen=True):
    """How often products were looked at; the most looked at by name."""

    total: int
    products: dict[str, int]


class Error(msgspec.Struct, frozen=True):
    """How far the arrival told at pick-up was off, in seconds, on the mean of so many deliveries."""

    mean_s: float | None
    deliveries: int


class Daily(msgspec.Struct, frozen=True, kw_only=True):
    """A day in UTC, of one vendor or of all. `revenue`: what was ordered from the catalog and not cancelled."""

    day: date
    vendor_id: str | None
    orders: Placed
    revenue: list[Money]
    delivery: Times
    eta_error: Error
    views: Viewed
    events: dict[str, int]
    as_of: datetime


class Span(msgspec.Struct, frozen=True):
    """A day's beginning and end, and the ids of orders placed within."""

    since: datetime
    until: datetime
    first: str
    last: str


def span_of(day: date) -> Span:
    """The day in UTC."""
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    until = since + timedelta(days=1)
    return Span(since, until, new_id(to_ms(since), 0), new_id(to_ms(until), 0))


def seconds_left(now: datetime) -> int:
    """Until the next day in UTC, at least one."""
    ends = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return max(1, int((ends - now).total_seconds()))


def times(took_s: Sequence[float], ride_s: Sequence[float], late: int) -> Times:
    """From one number a delivery."""
    ordered = sorted(took_s)
    return Times(
        delivered=len(ordered), mean_s=mean(ordered), median_s=at_share(ordered, 0.5), p90_s=at_share(ordered, 0.9),
        ride_mean_s=mean(ride_s), late_share=round(late / len(ordered), 4) if ordered else None,
    )


def mean(values: Sequence[float]) -> float | None:
    """Rounded to a tenth; None of nothing."""
    return round(sum(values) / len(values), 1) if values else None


def at_share(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that this share of them does not exceed."""
    if not ordered:
        return None
    return round(ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)], 1)
