"""Handled seqs behave like a set, and `upto` never claims more than the set holds."""

from hypothesis import given
from hypothesis import strategies as st

from tracking.seqs import MOST_SPANS, Seqs

SEQS = st.lists(st.integers(0, 60), max_size=120)


def floor_of(handled: set[int]) -> int:
    """The honest `upto`: contiguous from 0, or from 1 when no 0 came before."""
    first = 0 if 0 in handled else 1
    if first not in handled:
        return -1
    while first in handled:
        first += 1
    return first - 1


@given(SEQS)
def test_seqs_are_a_set(seqs: list[int]) -> None:
    """Each number is new exactly once, in whatever order numbers come, and `upto` is the honest floor."""
    model: set[int] = set()
    handled = Seqs()
    for seq in seqs:
        assert (seq not in model) == handled.add(seq)
        model.add(seq)
        assert floor_of(model) == handled.upto
    assert {seq for seq in range(70) if handled.has(seq)} == model


@given(SEQS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=10))
def test_runs_cover_what_their_numbers_would(seqs: list[int], runs: list[tuple[int, int]]) -> None:
    """Covering a run is adding each of its numbers."""
    one, other = Seqs(), Seqs()
    for seq in seqs:
        one.add(seq)
        other.add(seq)
    for first, more in runs:
        one.cover(first, first + more)
        for seq in range(first, first + more + 1):
            other.add(seq)
    assert [other.has(seq) for seq in range(90)] == [one.has(seq) for seq in range(90)]
    assert other.upto == one.upto


@given(SEQS, st.integers(0, 70))
def test_what_the_phone_dropped_is_not_waited_for(seqs: list[int], oldest: int) -> None:
    """`oldest` raises the floor to just below it, and never lowers it."""
    handled = Seqs()
    for seq in seqs:
        handled.add(seq)
    before = handled.upto
    handled.start_at(oldest)
    assert handled.upto >= max(before, oldest - 1)
    assert all(handled.has(seq) for seq in range(oldest))
    assert all(handled.has(seq) for seq in seqs)


def test_a_phone_that_loses_points_for_ever_stays_bounded() -> None:
    """With every second number missing, the lowest gaps are given up in the end."""
    handled = Seqs()
    for seq in range(0, 10 * MOST_SPANS, 2):
        handled.add(seq)
    assert len(handled.spans) <= MOST_SPANS
    assert handled.upto > 0
