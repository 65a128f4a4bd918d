"""One simulated rider: drives the routes given, parks in between, and is heard through a phone."""

import random

from city.places import Route, Spot
from city.receiver import Receiver, Sample
from city.ride import Drive, Habits, Motion

FIX_EVERY_S = 1.0  # until told otherwise


class RiderModel:
    """A rider who starts parked at `home`. Pure: the clock moves only by `step`, all chance comes from `rng`.

    `fix_every_s` may be set at any time, as a phone obeys the interval its server asks for.
    """

    def __init__(self, home: Spot, rng: random.Random) -> None:
        self.fix_every_s = FIX_EVERY_S
        self._rng = rng
        self._habits = Habits(pace=rng.uniform(0.72, 0.98), red_lights=rng.uniform(0.06, 0.16))
        self._receiver = Receiver(rng)
        self._drive: Drive | None = None
        self._still = Motion(home.lat, home.lng, 0.0, 0.0, False)
        self._clock_s = 0.0
        self._fix_due_s = 0.0
        self._parked_s = 0.0

    @property
    def spot(self) -> Spot:
        """Where the rider truly is."""
        return Spot(self._still.lat, self._still.lng)

    @property
    def free(self) -> bool:
        """Neither driving nor parked for a purpose."""
        return self._drive is None and self._parked_s <= 0

    @property
    def driving(self) -> bool:
        """On the way along a route."""
        return self._drive is not None

    @property
    def left_m(self) -> float:
        """Metres to the end of the route; 0 when parked."""
        return self._drive.left_m if self._drive else 0.0

    def take(self, route: Route) -> None:
        """Drive this route, which starts where the rider is; a parking rider gets going."""
        self._drive, self._parked_s = Drive(route, self._habits, self._rng), 0.0

    def park(self, seconds: float) -> None:
        """Stay for so long after the current drive, if any."""
        self._parked_s = seconds

    def step(self, dt_s: float) -> list[Sample]:
        """Let dt_s pass; the fixes that reached the network meanwhile, oldest first."""
        heard: list[Sample] = []
        while dt_s > 1e-9:
            part_s = min(dt_s, max(self._fix_due_s - self._clock_s, 1e-3))
            self._clock_s += part_s
            dt_s -= part_s
            self._pass(part_s)
            if self._clock_s >= self._fix_due_s - 1e-6:
                heard += self._receiver.hear(self._clock_s, self._still)
                self._fix_due_s = self._clock_s + self.fix_every_s
        return heard

    def _pass(self, dt_s: float) -> None:
        if self._drive is None:
            self._parked_s = max(self._parked_s - dt_s, 0.0)
            return
        self._still = self._drive.advance(dt_s)
        if self._drive.done:
            self._drive = None
