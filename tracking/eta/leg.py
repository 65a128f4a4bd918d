"""A rider's way to one stop of one order, as it goes on: the route, how far along it they are, what was promised.

Pure: routes are handed in, instants are epoch seconds. A route is asked for anew each minute, as the model was taught,
or at once when the rider has left it.
"""

import msgspec
import numpy as np

from city.routing.way import Place, Way
from geo.progress import Line
from tracking.eta.flow import Flow
from tracking.eta.forecast import LEARNED, Forecast, by_crow, by_model, by_route
from tracking.eta.journey import Journey
from tracking.eta.model import Model
from tracking.eta.window import Calibration, Widening

REROUTE_AFTER_S = 60.0
LEFT_ROUTE_M = 60.0
WEIGH_EACH_S = 60.0  # windows are judged once a minute, as they were calibrated


class Promise(msgspec.Struct):
    """A window that was given: when it began and ended."""

    stage: int
    low_s: float
    high_s: float
    is_late: bool = False


class Leg:
    """One order, one rider, one stop."""

    def __init__(self, order: str, rider: str, stop: Place) -> None:
        self.order, self.rider, self.stop = order, rider, stop
        self.journey = Journey(*stop)
        self.way: Way | None = None
        self.promises: list[Promise] = []
        self._line: Line | None = None
        self._along_m: float | None = None
        self._routed_s = 0.0
        self._promised_s = -WEIGH_EACH_S

    def wants_route(self, at_s: float, accuracy_m: float) -> bool:
        """Whether the next forecast needs a route asked anew from where the rider is."""
        if self._line is None or not 0 <= at_s - self._routed_s < REROUTE_AFTER_S:
            return True
        found = self._line.progress(self.journey.lat, self.journey.lng, self._along_m)
        return found.off_m > LEFT_ROUTE_M + accuracy_m

    def take_route(self, way: Way | None, at_s: float) -> None:
        """The answer; None where nobody knows a way."""
        self.way, self._routed_s, self._along_m = way, at_s, None
        self._line = Line(way.lat, way.lng) if way is not None else None

    def left(self) -> tuple[float, float] | None:
        """(free-flow seconds, metres) left on the route; None without one."""
        if self.way is None or self._line is None:
            return None
        found = self._line.progress(self.journey.lat, self.journey.lng, self._along_m)
        self._along_m = found.along_m
        passed_s = float(np.interp(found.along_m, self._line.along_m, self.way.passed_s))
        share = found.left_m / self._line.length_m if self._line.length_m > 0 else 0.0
        return max(self.way.duration_s - passed_s, 0.0), self.way.distance_m * share

    @property
    def pace(self) -> float:
        """How many times longer than free flow the route takes as streets are now."""
        return self.way.pace if self.way is not None else 1.0

    def forecast(self, at_s: float, model: Model | None, widening: Widening, flow: Flow) -> Forecast:
        """Seconds from `at_s` until the stop."""
        left = self.left()
        if left is None:
            return by_crow(self.journey, model)
        gained = self.journey.gained(at_s, left[0])
        if gained is not None:
            flow.note(self.order, at_s, *gained)
        row = self.journey.look(at_s, *left, flow.pace(at_s, without=self.order))
        return by_route(left[0] * self.pace, left[1]) if model is None else by_model(model, widening, row)

    def promise(self, forecast: Forecast, at_s: float) -> None:
        """Remember a learned window, once a minute, to see whether it holds."""
        if forecast.basis == LEARNED and at_s - self._promised_s >= WEIGH_EACH_S:
            self._promised_s = at_s
            self.promises.append(Promise(forecast.stage, at_s + forecast.low_s, at_s + forecast.high_s))

    def run_late(self, now_s: float, calibration: Calibration, widening: Widening) -> None:
        """Windows whose end has passed without the rider were too narrow, and that is known now."""
        for promise in self.promises:
            if not promise.is_late and now_s > promise.high_s:
                promise.is_late = True
                widening.learn_high(calibration, promise.stage, missed=True)

    def arrive(self, now_s: float, calibration: Calibration, widening: Widening) -> None:
        """The rider is there: every window is judged."""
        self.run_late(now_s, calibration, widening)
        for promise in self.promises:
            widening.learn_low(calibration, promise.stage, missed=now_s < promise.low_s)
            if not promise.is_late:
                widening.learn_high(calibration, promise.stage, missed=False)
        self.promises.clear()
