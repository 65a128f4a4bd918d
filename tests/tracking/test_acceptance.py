"""Which points count, each reason at its limit, and the state of one rider under any history."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.rides import START_LNG, STEP_DEG, point, ride
from tracking.acceptance import FUTURE_MS, TOO_OLD_MS, VAGUE_M, reason_against
from tracking.seqs import Seqs
from tracking.state import Outcome, RiderState

NOW = 1_800_000_000_000
FAR_LNG = START_LNG + 1.0  # 108 km to the east


def rider() -> RiderState:
    """A rider nobody has heard of, with a phone."""
    state = RiderState()
    state.learn("phone", Seqs())
    return state


def take(state: RiderState, *points: Any) -> Outcome:
    """Apply one report."""
    return state.apply("r1", "phone", list(points), NOW)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"lat": 90.0}, None), ({"lat": 90.1}, "range"), ({"lng": -180.0}, None), ({"lng": 180.1}, "range"),
        ({"lat": math.nan}, "range"), ({"lng": math.inf}, "range"), ({"accuracy": math.nan}, "range"),
        ({"accuracy": -1.0}, "range"), ({"speed": -1.0}, None), ({"speed": -2.0}, "range"), ({"heading": 360.0}, None),
        ({"heading": 361.0}, "range"), ({"heading": -1.0}, None), ({"altitude": -math.inf}, "range"),
        ({"seq": -1}, "range"),
        ({"seq": 2**53}, "range"), ({"ts": NOW + FUTURE_MS}, None), ({"ts": NOW + FUTURE_MS + 1}, "future"),
        ({"ts": NOW - TOO_OLD_MS}, None), ({"ts": NOW - TOO_OLD_MS - 1}, "too_old"), ({"ts": -(2**62)}, "too_old"),
        ({"accuracy": VAGUE_M}, None), ({"accuracy": VAGUE_M + 1}, "vague"), ({"accuracy": None}, None),
    ],
)
def test_each_reason_has_its_limit(more: dict[str, Any], expected: str | None) -> None:
    """Just inside counts, just outside is refused by that reason."""
    given_ = {"seq": 1} | more
    assert expected == reason_against(point(given_.pop("seq"), start_ms=NOW - 1000, **given_), NOW)


def test_one_wild_point_refuses_itself_only() -> None:
    """The points around an outlier stay, whatever order they arrive in."""
    start = NOW - 60_000
    wild = point(3, start_ms=start, lng=FAR_LNG)
    expected = [(3, "impossible_speed")]
    assert expected == take(rider(), *ride([1, 2], start), wild, *ride([4, 5], start)).rejected
    assert expected == take(rider(), *ride([5, 1, 4], start), wild, *ride([2], start)).rejected


def test_the_third_consistent_point_elsewhere_wins() -> None:
    """A wrong first fix does not lock the rider out: then "now" moves on from the new place."""
    state, start = rider(), NOW - 60_000
    take(state, point(1, start_ms=start, lng=FAR_LNG))
    outcome = take(state, *ride([2, 3, 4, 5], start))
    assert [(2, "impossible_speed"), (3, "impossible_speed")] == outcome.rejected
    assert [4, 5] == [each.seq for each in outcome.kept.points]
    assert state.newest is not None
    assert 5 == state.newest.seq


def test_two_phones_in_two_cities_do_not_win_by_turns() -> None:
    """Points that contradict each other never add up to a consistent place."""
    state, start = rider(), NOW - 60_000
    for seq in range(1, 20, 2):
        take(state, point(seq, start_ms=start), point(seq + 1, start_ms=start, lng=FAR_LNG))
    assert state.newest is not None
    assert 19 == state.newest.seq


def test_accuracy_is_subtracted_from_the_distance() -> None:
    """Two vague fixes 500 m apart in a second are no proof of a speed."""
    start = NOW - 60_000
    there = START_LNG + STEP_DEG + 500 / 107_700
    exact = take(rider(), point(1, start_ms=start), point(2, start_ms=start, lng=there))
    rough = take(
        rider(), point(1, start_ms=start, accuracy=220.0), point(2, start_ms=start, lng=there, accuracy=220.0)
    )
    assert ([(2, "impossible_speed")], []) == (exact.rejected, rough.rejected)


def test_a_rider_who_stands_for_a_minute_is_parked() -> None:
    """By place, whatever the GPS speed says; the first step away ends it."""
    state, start = rider(), NOW - 120_000
    for seq in range(1, 70):
        take(state, point(seq, start_ms=start, lng=START_LNG + 0.00001 * (seq % 3)))
    assert state.is_parked()
    take(state, point(70, start_ms=start, lng=START_LNG + 0.0005))
    assert not state.is_parked()


@given(st.data())
def test_any_history_keeps_each_valid_point_once(data: st.DataObject) -> None:
    """Shuffled, doubled and cut into reports: kept once each, an honest `upto`, "now" the newest."""
    start = NOW - 600_000
    seqs = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=80))
    cuts = data.draw(st.lists(st.integers(1, 10), min_size=80, max_size=80))
    state, kept, doubles, upto = rider(), [], 0, -1
    while seqs:
        report, seqs = seqs[: cuts[0]], seqs[cuts[0] :]
        cuts = cuts[1:]
        outcome = take(state, *ride(report, start))
        assert outcome.upto >= upto
        upto = outcome.upto
        kept += [each.seq for each in outcome.kept.points]
        doubles += outcome.doubles
        assert [] == outcome.rejected
    assert sorted(set(kept)) == sorted(kept)
    assert all(seq in kept for seq in range(1, upto + 1))
    assert state.newest is not None
    assert max(kept) == state.newest.seq
