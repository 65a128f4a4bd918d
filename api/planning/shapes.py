"""What a plan is asked for and how it is answered. Requests are closed to unknown fields; instants carry an offset."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from api.orders.order import Lat, Lng
from api.orders.shapes import Body

MOST_PLACES = 100
MOST_RIDERS = 20
LONGEST_S = 7 * 86_400

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128, examples=["o1"])]
Instant = Annotated[datetime, msgspec.Meta(tz=True, examples=["2026-11-21T10:00:00Z"])]
Amount = Annotated[int, msgspec.Meta(ge=0, le=1_000_000, description="in units of your own: pieces, kg, litres")]
Service = Annotated[int, msgspec.Meta(ge=0, le=14_400, description="seconds spent there", examples=[120])]


class Window(Body, frozen=True, kw_only=True):
    """When service may begin. An open side has no bound."""

    begins: Instant | None = msgspec.field(default=None, name="from")
    until: Instant | None = None


Windows = Annotated[tuple[Window, ...], msgspec.Meta(max_length=5, description="any of these; none: any time")]


class Point(Body, frozen=True, kw_only=True):
    """A place."""

    lat: Lat
    lng: Lng


class Visit(Point, frozen=True, kw_only=True):
    """A place to be at."""

    service_s: Service = 0
    windows: Windows = ()


class Stop(Visit, frozen=True, kw_only=True):
    """One visit that needs no other. `amount` is on board from the start and left here."""

    id: Id
    amount: Amount = 0


class Delivery(Body, frozen=True, kw_only=True):
    """Goods to be picked up at one place and brought to another by the same rider, in this order."""

    id: Id
    pickup: Visit
    dropoff: Visit
    amount: Amount = 0


class Rider(Body, frozen=True, kw_only=True):
    """Who rides. Without `end` the round ends at its last stop; `capacity` is what fits on board at once."""

    start: Point
    id: Id = "rider"
    end: Point | None = None
    capacity: Amount | None = None
    shift: Window | None = None

    @property
    def works(self) -> Window:
        """The shift; open on both sides without one."""
        return self.shift or Window()


class PlanRequest(Body, frozen=True, kw_only=True):
    """Stops and deliveries for one rider or several. Places in all: a stop counts one, a delivery two."""

    riders: Annotated[tuple[Rider, ...], msgspec.Meta(min_length=1, max_length=MOST_RIDERS)]
    stops: tuple[Stop, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    departs_at: Instant | None = None

    @property
    def tasks(self) -> tuple[Stop | Delivery, ...]:
        """Everything to be done."""
        return (*self.stops, *self.deliveries)

    @property
    def places(self) -> int:
        """How many places the riders are sent to."""
        return len(self.stops) + 2 * len(self.deliveries)


Basis = Literal["route", "straight"]
StepKind = Literal["start", "stop", "pickup", "dropoff", "end"]
Why = Literal[
    "off_road", "unreachable", "too_much", "window_past", "window_missed", "shift_over", "not_all"
]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a round. Travel is from the step before; the rider waits, serves, and leaves."""

    kind: StepKind
    id: str | None
    lat: float
    lng: float
    travel_s: int
    distance_m: int
    arrives_at: datetime
    waits_s: int
    service_s: int
    leaves_at: datetime
    load: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one rider does, in order."""

    rider: str
    steps: list[Step]
    travel_s: int
    distance_m: int
    waits_s: int
    service_s: int


class LeftOver(msgspec.Struct, frozen=True, kw_only=True):
    """A stop or delivery nobody can serve, and why."""

    id: str
    kind: Literal["stop", "delivery"]
    why: Why
    message: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Rounds with the least travel in all that serve as many as possible. `basis`: where travel times come from.

    `route`: the city's streets at free flow; `straight`: distance as the crow flies, `detour` times as long, at
    `speed_mps`.
    """

    basis: Basis
    detour: float | None
    speed_mps: float | None
    rounds: list[Round]
    left_over: list[LeftOver]
    travel_s: int
    distance_m: int
