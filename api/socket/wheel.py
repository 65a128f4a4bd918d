"""One timer for all sockets: deadlines gather in slots, and only the nearest slot has a timer in the event loop."""

import heapq
import math
from collections.abc import Callable
from typing import Protocol

TICK_S = 0.05
NEVER = 1 << 62


class Timed(Protocol):
    """Something with one next deadline. `slot` belongs to the wheel and starts as NEVER."""

    slot: int

    def tick(self, now_s: float) -> float | None:
        """The deadline came; returns the next one in loop seconds, or None."""


class Timer(Protocol):
    """What `call_at` returns."""

    def cancel(self) -> None:
        """Do not call."""


class Wheel:
    """Calls `tick` of each item at its deadline, up to TICK_S late. `call_at` and `time` are the event loop's."""

    def __init__(self, call_at: Callable[[float, Callable[[], None]], Timer], time: Callable[[], float]) -> None:
        self._call_at = call_at
        self._time = time
        self._slots: dict[int, list[Timed]] = {}
        self._order: list[int] = []
        self._armed = NEVER
        self._timer: Timer | None = None

    def at(self, when_s: float, item: Timed) -> None:
        """See to `item` at `when_s`, or earlier when it already asked for an earlier time."""
        slot = math.ceil(when_s / TICK_S)
        if item.slot <= slot:
            return
        item.slot = slot
        waiting = self._slots.get(slot)
        if waiting is None:
            waiting = self._slots[slot] = []
            heapq.heappush(self._order, slot)
            if slot < self._armed:
                self._arm(slot)
        waiting.append(item)

    def _arm(self, slot: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed = slot
        self._timer = self._call_at(slot * TICK_S, self._turn)

    def _turn(self) -> None:
        """Tick every item whose slot has come; one that was moved to an earlier slot is no longer here by its mark."""
        now_s = self._time()
        due = int(now_s / TICK_S + 1e-6)
        self._armed = -1  # whatever is asked for meanwhile waits for the end of this turn
        while self._order and self._order[0] <= due:
            slot = heapq.heappop(self._order)
            for item in self._slots.pop(slot):
                if item.slot != slot:
                    continue
                item.slot = NEVER
                again = item.tick(now_s)
                if again is not None:
                    self.at(max(again, now_s + TICK_S), item)
        self._armed, self._timer = NEVER, None
        if self._order:
            self._arm(self._order[0])
