"""Several stops one after the other: each arrival is the drive to it after all drives and all service before it."""

from collections.abc import Sequence

import msgspec

SERVICE_S = 120.0  # at a door or a counter, until somebody measures better


class Drive(msgspec.Struct, frozen=True):
    """A drive from one stop to the next: seconds at P10, P50 and P90, and metres."""

    low_s: float
    mid_s: float
    high_s: float
    metres: float


class Arrival(msgspec.Struct, frozen=True):
    """Seconds from now until a stop at P10, P50 and P90, metres until there, and how many stops come before."""

    low_s: float
    mid_s: float
    high_s: float
    metres: float
    stops_before: int


def arrivals(drives: Sequence[Drive], service_s: Sequence[float] = ()) -> list[Arrival]:
    """One arrival a drive. `service_s[i]` is spent at stop i before the next drive begins; SERVICE_S where unsaid.

    The edges of windows add by squares, as independent errors do: three late drives in a row are rarer than one.
    """
    found, mid_s, metres, below, above = [], 0.0, 0.0, 0.0, 0.0
    for number, drive in enumerate(drives):
        mid_s, metres = mid_s + drive.mid_s, metres + drive.metres
        below += (drive.mid_s - drive.low_s) ** 2
        above += (drive.high_s - drive.mid_s) ** 2
        found.append(Arrival(max(mid_s - below**0.5, 0.0), mid_s, mid_s + above**0.5, metres, number))
        mid_s += service_s[number] if number < len(service_s) else SERVICE_S
    return found
