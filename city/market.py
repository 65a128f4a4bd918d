"""A marketplace at work: orders come in, shops prepare them, riders bring them. Pure: it only says what happens.

`Scenario(graph, riders=30, seed=…)` and then, again and again, `.advance(dt_s) -> list[Event]`, in the order in which
things happened. Whoever runs it sends each event through the real service: `OrderPlaced` is created by its customer,
`Assigned` by a dispatcher, `StatusReached` by its shop (`by="vendor"`) or its rider (`by="rider"`); `Moved` is a
rider's location report.
"""

import random
from collections import deque
from typing import Literal

import msgspec

from city.graph import Graph
from city.places import Route, SnappedPoint, Spot
from city.receiver import Sample
from city.rider import RiderModel

ARRIVING_M = 180.0
SHORTEST_RIDE_S, LONGEST_RIDE_S = 120.0, 900.0  # of an order's way from shop to door, at free flow
DOOR_S, PARK_S = (15.0, 60.0), (5.0, 90.0)
BUSY_SHARE = 0.75  # of the riders, once the town has warmed up
ORDER_LASTS_S = 520.0  # about what one order keeps a rider busy; sets how often orders come
WARM_S = 120.0  # at first orders come faster
TRIES = 40
SHOPS = (
    "Lola's Kitchen", "Green Basket", "Harvest Corner", "Kape at Tinapay", "Manok House", "Sariwa Market", "Pancit Bar",
    "Mango Grove", "Bay Grill", "Amihan Bakery", "Noodle Boat", "Rice & Roast",
)  # fmt: skip

Status = Literal["accepted", "preparing", "ready", "picked_up", "arriving", "delivered"]


SHOP_STEPS: dict[Status, tuple[float, float]] = {
    "accepted": (2.0, 8.0),
    "preparing": (3.0, 10.0),
    "ready": (25.0, 150.0),
}


class Place(msgspec.Struct, frozen=True):
    """A pick-up or drop-off: degrees and a street address."""

    lat: float
    lng: float
    address: str


class Shop(msgspec.Struct, frozen=True):
    """A vendor and where it stands. `id` is `vendor-1` …"""

    id: str
    name: str
    place: Place


class OrderPlaced(msgspec.Struct, frozen=True):
    """A customer (`customer-1` …) wants something; `order` is the scenario's own number for it."""

    order: int
    customer: str
    shop: Shop
    dropoff: Place


class Assigned(msgspec.Struct, frozen=True):
    """The nearest free rider (`rider-1` …) got the order."""

    order: int
    rider: str


class StatusReached(msgspec.Struct, frozen=True):
    """The order came a step further, by the shop's or the rider's hand."""

    order: int
    status: Status
    by: Literal["vendor", "rider"]


class Moved(msgspec.Struct, frozen=True):
    """A rider's phone sends these fixes now, oldest first; after a dead zone there are many."""

    rider: str
    samples: list[Sample]


Event = OrderPlaced | Assigned | StatusReached | Moved


class _Job(msgspec.Struct):
    """An order under way. `steps` are the shop's coming steps with the second each is due."""

    order: int
    pickup: SnappedPoint
    dropoff: SnappedPoint
    steps: deque[tuple[float, Status]]
    status: str = "order_placed"
    rider: str = ""
    leaves_s: float = 0.0


class Scenario:
    """A town at work. The same graph, number of riders and seed always give the same events for the same steps."""

    def __init__(self, graph: Graph, riders: int = 30, seed: int = 1) -> None:
        self._graph = graph
        self._rng = random.Random(seed)  # noqa: S311 - a play, not a secret
        self._clock_s = 0.0
        self._orders = 0
        self._next_order_s = 1.0
        self._jobs: dict[int, _Job] = {}
        self._at: dict[str, SnappedPoint] = {f"rider-{n}": self._somewhere() for n in range(1, riders + 1)}
        self.riders = {name: RiderModel(Spot(at.lat, at.lng), self._rng) for name, at in self._at.items()}
        self._places = {f"vendor-{n}": self._somewhere() for n in range(1, min(len(SHOPS), max(2, riders // 3)) + 1)}
        self.shops = [
            Shop(vendor, name, self._place(at)) for (vendor, at), name in zip(self._places.items(), SHOPS, strict=False)
        ]
        self._job_of: dict[str, int] = {}

    def advance(self, dt_s: float) -> list[Event]:
        """Let dt_s pass; at most a second or so at a time keeps events near their true moment."""
        self._clock_s += dt_s
        events: list[Event] = []
        self._place_orders(events)
        for job in list(self._jobs.values()):
            self._work_on(job, events)
        for name, rider in self.riders.items():
            samples = rider.step(dt_s)
            if samples:
                events.append(Moved(name, samples))
            if name not in self._job_of and rider.free:
                self._cruise(name)
        return events

    def _place_orders(self, events: list[Event]) -> None:
        """New orders, about as many as keep BUSY_SHARE of the riders busy."""
        if self._clock_s < self._next_order_s or len(self._jobs) >= len(self.riders):
            return
        every_s = ORDER_LASTS_S / max(len(self.riders) * BUSY_SHARE, 0.1)
        self._next_order_s = self._clock_s + self._rng.expovariate(1 / every_s) * min(
            1.0, 0.15 + self._clock_s / WARM_S
        )
        shop = self._rng.choice(self.shops)
        door = self._door(self._places[shop.id])
        if door is None:
            return
        self._orders += 1
        self._jobs[self._orders] = _Job(self._orders, self._places[shop.id], door, self._shop_steps())
        customer = f"customer-{(self._orders - 1) % (2 * len(self.riders)) + 1}"
        events.append(OrderPlaced(self._orders, customer, shop, self._place(door)))

    def _shop_steps(self) -> deque[tuple[float, Status]]:
        """When the shop will do what. The day's first orders are quick, so that there is soon something to watch."""
        hurry = min(1.0, 0.15 + self._clock_s / WARM_S)
        due_s = self._clock_s
        steps: deque[tuple[float, Status]] = deque()
        for status, wait_s in SHOP_STEPS.items():
            due_s += self._rng.uniform(*wait_s) * hurry
            steps.append((due_s, status))
        return steps

    def _work_on(self, job: _Job, events: list[Event]) -> None:
        """Whatever is due on one order."""
        while job.steps and job.steps[0][0] <= self._clock_s:
            self._reach(job, job.steps.popleft()[1], "vendor", events)
        if not job.rider and job.status != "order_placed":
            self._assign(job, events)
        if not job.rider:
            return
        rider = self.riders[job.rider]
        if job.status == "ready" and not rider.driving and self._at[job.rider] == job.pickup:
            self._reach(job, "picked_up", "rider", events)
            self._send(job.rider, job.dropoff)
        elif job.status == "picked_up" and rider.left_m <= ARRIVING_M:
            self._reach(job, "arriving", "rider", events)
        elif job.status == "arriving" and not rider.driving:
            job.leaves_s = job.leaves_s or self._clock_s + self._rng.uniform(*DOOR_S)
            if self._clock_s >= job.leaves_s:
                self._reach(job, "delivered", "rider", events)
                del self._jobs[job.order], self._job_of[job.rider]

    def _reach(self, job: _Job, status: Status, by: Literal["vendor", "rider"], events: list[Event]) -> None:
        job.status = status
        events.append(StatusReached(job.order, status, by))

    def _assign(self, job: _Job, events: list[Event]) -> None:
        """Give the order to the free rider who is there first, and send them to the shop."""
        free = [name for name in self.riders if name not in self._job_of]
        here = {name: self._graph.snap(*self.riders[name].spot) for name in free}
        known = {name: at for name, at in here.items() if isinstance(at, SnappedPoint)}
        if not known:
            return
        seconds = self._graph.matrix(list(known.values()), [job.pickup])[:, 0].tolist()
        rider = min(zip(seconds, known, strict=True))[1]
        if self._send(rider, job.pickup, known[rider]):
            job.rider = rider
            self._job_of[rider] = job.order
            events.append(Assigned(job.order, rider))

    def _send(self, rider: str, to: SnappedPoint, start: SnappedPoint | None = None) -> bool:
        """Set a rider off from where they stand (or `start`, when under way); False where no street leads."""
        route = self._graph.route(start or self._at[rider], to)
        if isinstance(route, Route):
            self.riders[rider].take(route)
            self._at[rider] = to
        return isinstance(route, Route)

    def _cruise(self, rider: str) -> None:
        """Between orders: to some near corner, and wait there a while."""
        if self._send(rider, self._near(self._at[rider])):
            self.riders[rider].park(self._rng.uniform(*PARK_S))

    def _near(self, at: SnappedPoint) -> SnappedPoint:
        for _ in range(TRIES):
            found = self._graph.snap(at.lat + self._rng.gauss(0, 0.004), at.lng + self._rng.gauss(0, 0.004))
            if isinstance(found, SnappedPoint):
                return found
        return at

    def _door(self, shop: SnappedPoint) -> SnappedPoint | None:
        """A customer's door neither next door nor at the other end of the country."""
        for _ in range(TRIES):
            spread = self._rng.uniform(0.006, 0.02)
            door = self._graph.snap(shop.lat + self._rng.gauss(0, spread), shop.lng + self._rng.gauss(0, spread))
            if isinstance(door, SnappedPoint):
                seconds = float(self._graph.matrix([shop], [door])[0, 0])
                if SHORTEST_RIDE_S <= seconds <= LONGEST_RIDE_S:
                    return door
        return None

    def _somewhere(self) -> SnappedPoint:
        """A random place on a street with a name, nearer the middle of the town than its rim."""
        south, west, north, east = self._graph.box
        for _ in range(TRIES):
            lat = self._rng.gauss((south + north) / 2, (north - south) / 6)
            found = self._graph.snap(lat, self._rng.gauss((west + east) / 2, (east - west) / 6))
            if isinstance(found, SnappedPoint) and found.street:
                return found
        edge = self._rng.randrange(len(self._graph.streets.tail))
        return self._graph.at(edge, float(self._graph.streets.length_m[edge]) / 2)

    def _place(self, at: SnappedPoint) -> Place:
        return Place(round(at.lat, 6), round(at.lng, 6), f"{self._rng.randint(1, 180)} {at.street}".strip())
