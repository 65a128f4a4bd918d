"""Which sequence numbers of one phone are handled (stored or refused): all up to a floor, and spans above it.

`upto` is honest: every seq at or below it is handled. Numbering starts at 1, or at 0 when the phone sends a 0; a phone
whose first ever seq lies beyond 100 000 (a clock, say) starts there. A phone that dropped points says so with `oldest`.
"""

from bisect import bisect_right

import msgspec

NEW_BASE_BEYOND = 100_000
MOST_SPANS = 1000  # of a phone that keeps losing points and never says so, the lowest gap is given up


class Seqs(msgspec.Struct, array_like=True):
    """The handled numbers of one client. `spans` are sorted, apart from each other, and above `upto + 1`."""

    upto: int = -1
    spans: list[tuple[int, int]] = []
    zero: bool = False

    def is_empty(self) -> bool:
        """Has nothing ever been handled?"""
        return self.upto < 0 and not self.spans

    def has(self, seq: int) -> bool:
        """Is this number handled?"""
        if seq <= self.upto:
            return seq != 0 or self.zero
        place = bisect_right(self.spans, seq, key=lambda span: span[0])
        return place > 0 and self.spans[place - 1][1] >= seq

    def add(self, seq: int) -> bool:
        """Handle one number; False when it was handled before."""
        if seq == self.upto + 1 and not self.spans:
            self.zero = self.zero or seq == 0
            self.upto = seq
            return True
        if self.has(seq):
            return False
        if seq == 0:
            self.zero = True
        if seq > self.upto:
            self._insert(seq)
            self._settle()
        return True

    def cover(self, first: int, last: int) -> None:
        """Handle a whole run of numbers."""
        self.zero = self.zero or first == 0
        runs: list[tuple[int, int]] = []
        for low, high in sorted([*self.spans, (max(first, self.upto + 1), last)]):
            if runs and low <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(runs[-1][1], high))
            elif low <= high:
                runs.append((low, high))
        self.spans = runs
        self._settle()

    def start_at(self, seq: int) -> None:
        """Everything below `seq` is gone for good; never moves back."""
        self.zero = self.zero or seq > 0
        if seq - 1 > self.upto:
            self.upto = seq - 1
            self.spans = [(max(low, seq), high) for low, high in self.spans if high >= seq]
            self._settle()

    def _insert(self, seq: int) -> None:
        spans = self.spans
        place = bisect_right(spans, seq, key=lambda span: span[0])
        joins_left = place > 0 and spans[place - 1][1] == seq - 1
        joins_right = place < len(spans) and spans[place][0] == seq + 1
        low = spans[place - 1][0] if joins_left else seq
        high = spans[place][1] if joins_right else seq
        spans[place - joins_left : place + joins_right] = [(low, high)]
        if len(spans) > MOST_SPANS:
            self.upto = spans.pop(0)[1]

    def _settle(self) -> None:
        """Raise the floor over spans that touch it; a 1 needs no 0 before it."""
        while self.spans and (self.spans[0][0] <= self.upto + 1 or (self.upto < 0 and self.spans[0][0] == 1)):
            self.upto = max(self.upto, self.spans.pop(0)[1])
