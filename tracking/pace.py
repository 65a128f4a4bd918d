"""How often a coarse position may be shown.

A push at the very moment the rounded place changes would tell that the rider stands on the border between two squares,
and two such moments draw the route. So coarse positions are samples: a changed square waits until CHANGED_S after the
last sample, an unchanged one until SAME_S. Asking for the state instead shows the last sample, not a new one.
"""

from tracking.messages import Fix
from tracking.position import coarse_place

CHANGED_S, SAME_S = 3.0, 10.0


class Pace:
    """The samples one view of one order was shown. Pure: time is a parameter."""

    __slots__ = ("_shown_ms", "_waiting", "shown")

    def __init__(self) -> None:
        self.shown: Fix | None = None
        self._shown_ms = 0
        self._waiting: Fix | None = None

    def offer(self, fix: Fix, now_ms: int) -> bool:
        """Whether this fix becomes the sample now; otherwise it waits for `due`, in the place of an older one."""
        if self.shown is not None and self.shown.rider == fix.rider:
            wait_s = SAME_S if coarse_place(fix) == coarse_place(self.shown) else CHANGED_S
            if now_ms - self._shown_ms < wait_s * 1000:
                self._waiting = fix
                return False
        self.shown, self._shown_ms, self._waiting = fix, now_ms, None
        return True

    def due(self, now_ms: int) -> Fix | None:
        """The waiting fix, once its time has come; it is then the sample."""
        waiting = self._waiting
        return waiting if waiting is not None and self.offer(waiting, now_ms) else None

    def forget(self) -> None:
        """Another rider: nothing shown so far counts, and the wait starts anew."""
        self.shown = self._waiting = None

    def is_spent(self, now_ms: int) -> bool:
        """Whether the next fix would be shown anyway, so that nothing is lost by forgetting this."""
        return now_ms - self._shown_ms > SAME_S * 1000
