"""A way to drive, and what gives one. Degrees, metres, seconds at free flow."""

from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Place = tuple[float, float]  # degrees north, degrees east


class Way(msgspec.Struct, frozen=True):
    """A line of at least one point; `passed_s[i]` seconds have passed at point i, the last is the duration.

    `pace`: how many times longer it takes as streets are now.
    """

    lat: Array
    lng: Array
    passed_s: Array
    distance_m: float
    pace: float = 1.0

    @property
    def duration_s(self) -> float:
        """From start to end."""
        return float(self.passed_s[-1])


class Unanswered(Exception):
    """The router could not be asked, or did not answer what was asked; the message says what happened."""


class Router(Protocol):
    """Anything that knows ways. `name` is for logs and metrics."""

    name: str

    async def way(self, start: Place, end: Place) -> Way | None:
        """The fastest way; None when there is none. Raises Unanswered."""


def evenly(lat: Array, lng: Array, distance_m: float, duration_s: float) -> Way:
    """A way whose time passes evenly along its line, for routers that tell the sum only."""
    shrink = np.cos(np.radians(lat[:-1])) if len(lat) > 1 else np.empty(0)
    steps = np.hypot(np.diff(lat), np.diff(lng) * shrink)
    passed = np.concatenate([[0.0], np.cumsum(steps)])
    share = passed / passed[-1] if passed[-1] > 0 else np.linspace(0.0, 1.0, len(lat))
    share[-1] = 1.0
    return Way(lat, lng, share * duration_s, distance_m)
