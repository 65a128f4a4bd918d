"""What a file of recorded trips is read into, and the error that names the place where it cannot be read."""

from datetime import UTC, datetime

import msgspec

MS_FROM = 1e11  # a number above this is epoch milliseconds: as seconds it would lie in the year 5138


class BadTrip(ValueError):
    """A file that cannot be read as trips; the message names file, line and column."""

    def __init__(self, file: str, what: str, *, line: int = 0, column: str = "") -> None:
        self.file, self.what, self.line, self.column = file, what, line, column
        where = "".join([f", line {line}" if line else "", f", column {column}" if column else ""])
        super().__init__(f"{file}{where}: {what}")


class TripPoint(msgspec.Struct, frozen=True, gc=False):
    """One recorded fix: epoch seconds, degrees; `more` holds accuracy (m), speed (m/s), heading (°), altitude (m)."""

    ts_s: float
    lat: float
    lng: float
    more: dict[str, float] = {}


class Trip(msgspec.Struct):
    """One rider's way, by time."""

    name: str
    points: list[TripPoint]

    @property
    def span_s(self) -> float:
        """From the first fix to the last."""
        return self.points[-1].ts_s - self.points[0].ts_s

    def in_order(self) -> "Trip":
        """The same trip by time; fixes of one instant keep the order they were recorded in."""
        return Trip(self.name, sorted(self.points, key=lambda point: point.ts_s))


def read_time(text: str) -> float:
    """Epoch seconds from epoch seconds or milliseconds, or ISO 8601 (UTC when it names no zone); raises ValueError."""
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not 0 < number < 1e14:
        raise ValueError(f"{text} is not a time")
    return number / 1000 if number > MS_FROM else number


def read_degrees(text: str, limit: float) -> float:
    """A coordinate within ±limit; raises ValueError."""
    degrees = float(text)
    if not -limit <= degrees <= limit:
        raise ValueError(f"{text} is not within ±{limit:.0f} degrees")
    return degrees
