"""When a phone's answers may wait for each other, so that several travel in one frame. Pure: time is a parameter.

A phone that goes on reporting while an answer is held does not wait for answers; from then on its answers gather for up
to MOST_S. One that has not shown it is tried now and then, for little more than the pause it just made itself, so that
a phone which does wait is delayed rarely and never by more than half its own rhythm. Whoever was quiet, sends several
points or is refused something is answered at once.
"""

MOST_S = 0.5
MOST_ANSWERS = 32
TRIED_FOR = 1.5  # times the pause between its last two reports
TRIED_EVERY_S = 10.0


class Gathering:
    """The answers of one phone. `due_s`: when those that are held must go, 0 when none are."""

    __slots__ = ("_hold_s", "_is_streaming", "_reported_s", "_tried_s", "due_s", "held")

    def __init__(self) -> None:
        self.due_s = 0.0
        self.held = 0
        self._hold_s = 0.0
        self._is_streaming = False
        self._reported_s = self._tried_s = float("-inf")

    def heard(self, now_s: float, points: int) -> None:
        """A report came: decides how its answer will be given."""
        pause_s, self._reported_s = now_s - self._reported_s, now_s
        if self.held:
            self._is_streaming = True
        if points != 1 or pause_s > MOST_S:
            self._hold_s = 0.0
        elif self._is_streaming:
            self._hold_s = MOST_S
        elif now_s - self._tried_s >= TRIED_EVERY_S:
            self._tried_s, self._hold_s = now_s, min(MOST_S, TRIED_FOR * pause_s)
        else:
            self._hold_s = 0.0

    def holds(self, now_s: float) -> bool:
        """Whether an answer that is ready now waits; those held before it then wait with it."""
        if not self._hold_s or self.held >= MOST_ANSWERS:
            return False
        if not self.held:
            self.due_s = now_s + self._hold_s
        self.held += 1
        return True

    def gone(self) -> None:
        """What was held is written. One that waited alone belonged to a phone that may be waiting."""
        if self.held == 1:
            self._is_streaming = False
        self.held, self.due_s = 0, 0.0
