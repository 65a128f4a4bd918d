"""When not to ask: a server or provider that failed is left alone for a while, then tried by one question at a time.

closed → (FAILURES in a row) → open → (RESTS_S) → half open, one probe → (SUCCESSES in a row) → closed; a probe that
fails opens it again. Pure: time is a parameter.
"""

FAILURES, SUCCESSES = 5, 3
RESTS_S = 30.0
CLOSED, OPEN, HALF_OPEN = "closed", "open", "half open"


class Breaker:
    """Ask `may_ask` before each question, and tell how it went by `went_well` or `failed`."""

    def __init__(self) -> None:
        self.state = CLOSED
        self._count = 0
        self._opened_s = 0.0
        self._is_probing = False

    def may_ask(self, now_s: float) -> bool:
        """Whether to ask now. In half open only one question is under way at a time."""
        if self.state == OPEN and now_s - self._opened_s >= RESTS_S:
            self.state, self._count, self._is_probing = HALF_OPEN, 0, False
        if self.state == HALF_OPEN:
            may, self._is_probing = not self._is_probing, True
            return may
        return self.state == CLOSED

    def rests_s(self, now_s: float) -> float:
        """How long it will still be left alone; 0 when it may be tried."""
        return max(0.0, self._opened_s + RESTS_S - now_s) if self.state == OPEN else 0.0

    def went_well(self) -> None:
        """The question was answered, be it with "there is no way"."""
        self._is_probing = False
        if self.state == HALF_OPEN:
            self._count += 1
            if self._count < SUCCESSES:
                return
        if self.state != OPEN:  # an answer that was under way when it opened proves nothing
            self.state, self._count = CLOSED, 0

    def failed(self, now_s: float) -> None:
        """The question was not answered."""
        self._is_probing = False
        self._count = self._count + 1 if self.state == CLOSED else FAILURES
        if self._count >= FAILURES and self.state != OPEN:
            self.state, self._opened_s = OPEN, now_s

    def given_up(self) -> None:
        """The question was withdrawn by whoever asked; it says nothing about the server."""
        self._is_probing = False
