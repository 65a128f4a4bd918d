"""Fences and walks for tests: metres around a home, so that a test reads like a sketch."""

from math import cos, radians

import shapely

from geo.fences.engine import advance
from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.shape import METRES_A_DEGREE, Shape, area, circle
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState

LAT, LNG = 14.5995, 120.9842


def place(east_m: float, north_m: float = 0.0, lat: float = LAT, lng: float = LNG) -> tuple[float, float]:
    """(lat, lng) so far from home."""
    return lat + north_m / METRES_A_DEGREE, lng + east_m / METRES_A_DEGREE / cos(radians(lat))


def ping(second: float, east_m: float, north_m: float = 0.0, accuracy: float | None = 5.0, rider: str = "r1",
         speed: float | None = None) -> Ping:
    """A fix at that second."""
    return Ping(rider, round(1_000_000 + 1000 * second), *place(east_m, north_m), accuracy, speed)


def disc(radius_m: float = 100.0, east_m: float = 0.0, north_m: float = 0.0) -> Shape:
    """A circle so far from home."""
    return circle(*place(east_m, north_m), radius_m)


def outline(*corners: tuple[float, float]) -> Shape:
    """A polygon with corners in metres from home."""
    return area(shapely.Polygon([place(x, y)[::-1] for x, y in corners]))


def square(half_m: float = 100.0) -> Shape:
    """A square around home."""
    return outline((-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m))


def told(fence: Fence, *pings: Ping) -> list[Event]:
    """What the fixes, one by one, made this fence tell."""
    state = {"r1": RiderState()}
    table = FenceTable([fence])
    return [event for each in pings for event in advance(table, state, [each])]


def kinds(events: list[Event]) -> list[str]:
    """Their kinds, in order."""
    return [event.kind for event in events]


def second(event: Event) -> float:
    """When it happened, as `ping` counts."""
    return (event.ts - 1_000_000) / 1000
