"""Windows that adapt, several stops, and when an arrival is news."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.eta.hysteresis import Told, is_news
from tracking.eta.stops import Drive, arrivals
from tracking.eta.window import Calibration, Widening, stage

CALIBRATION = Calibration((-1.0,) * 5, (1.0,) * 5, (0.1,) * 5, (0.1,) * 5, 0.5)
TOLD = Told(1600.0, 1000.0, "learned")


def width_s(widening: Widening, pace: float = 0.6) -> float:
    """How wide the window of a trip in its second quarter is, 1000 s before its end."""
    low, high = widening.edges_s(CALIBRATION, np.array([2]), np.array([1000.0]), np.array([pace]))
    return float(high[0] - low[0])


def test_stages_follow_the_predicted_progress() -> None:
    """The start, then quarters of elapsed over elapsed plus left."""
    elapsed, left = np.array([0.0, 60, 300, 600, 900]), np.array([1200.0, 1140, 900, 600, 300])
    assert [0, 1, 1, 2, 3] == stage(elapsed, left).tolist()


def test_windows_missed_grow_and_windows_kept_shrink() -> None:
    """Missing widens, holding narrows less: at one miss in ten each edge stays where it is."""
    missed, kept, even = Widening(), Widening(), Widening()
    for number in range(100):
        missed.learn_high(CALIBRATION, 2, missed=True)
        kept.learn_high(CALIBRATION, 2, missed=False)
        even.learn_high(CALIBRATION, 2, missed=number % 10 == 0)
    assert width_s(missed) > width_s(Widening()) > width_s(kept)
    assert width_s(Widening()) == pytest.approx(width_s(even), rel=1e-6)


def test_a_slow_city_has_wide_windows() -> None:
    """At half the pace of what was learned from, twice the window."""
    assert 2.0 == pytest.approx(width_s(Widening(), 0.25) / width_s(Widening(), 0.5))


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=200), st.floats(0, 1e4))
def test_a_window_always_holds_its_own_prediction(history: list[tuple[int, bool, bool]], left_s: float) -> None:
    """Whatever was missed or kept, earliest ≤ expected ≤ latest, and nothing is earlier than now."""
    widening = Widening()
    for at, side, missed in history:
        (widening.learn_low if side else widening.learn_high)(CALIBRATION, at, missed=missed)
    low, high = widening.edges_s(CALIBRATION, np.arange(5), np.full(5, left_s), np.full(5, 0.4))
    assert ((low >= 0) & (low <= left_s) & (left_s <= high)).all()


def test_stops_add_drives_and_service() -> None:
    """The second stop comes after the first drive, its service and the second drive; windows add by squares."""
    first, second = arrivals([Drive(270, 300, 340, 2000), Drive(60, 100, 130, 700)], [90])
    assert (300, 2000, 0) == (first.mid_s, first.metres, first.stops_before)
    assert (490, 2700, 1) == (second.mid_s, second.metres, second.stops_before)
    assert (490 - 50, 490 + 50) == pytest.approx((second.low_s, second.high_s))


@pytest.mark.parametrize(
    ("at_s", "basis", "now_s", "expected"),
    [
        (1600.0, "learned", 1100.0, False),  # nothing moved
        (1629.0, "learned", 1100.0, False),  # 29 s of 500
        (1630.0, "learned", 1100.0, True),  # half a minute
        (1570.0, "learned", 1100.0, True),  # half a minute earlier
        (1612.0, "learned", 1500.0, True),  # a tenth of what was left
        (1600.0, "straight", 1100.0, True),  # another basis
        (1700.0, "straight", 1009.0, False),  # too soon after the last word
        (1600.5, "learned", 1600.0, False),  # at the door a tenth of nothing is nothing
    ],
)
def test_an_arrival_is_told_when_it_is_news(at_s: float, basis: str, now_s: float, expected: bool) -> None:
    """Half a minute, a tenth or another basis, and never within ten seconds of the last."""
    assert expected == is_news(TOLD, at_s, basis, 0, now_s)


def test_the_first_arrival_is_news() -> None:
    """Who was told nothing yet is told at once."""
    assert is_news(None, 0.0, "route", 0, 0.0)
