"""Minute chunks: joining is idempotent, keeps order, and survives MongoDB's types."""

import bson
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.rides import point
from tracking.chunk import MINUTE_MS, Addition, handled_of, join, rows_of
from tracking.state import KeptPoint

MINUTE = 30_000_000
ROWS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 30)), max_size=40)


def kept(seq: int) -> KeptPoint:
    """Point `seq` of the minute."""
    made = point(seq, start_ms=MINUTE * MINUTE_MS)
    return KeptPoint(made.seq, made.ts, made.lat, made.lng, made.accuracy, made.speed, made.heading, made.altitude)


@given(st.lists(ROWS, min_size=1, max_size=6))
def test_joining_keeps_each_point_once_in_order_of_time(parts: list[list[tuple[str, int]]]) -> None:
    """However points are cut up and repeated; a second helping of the same changes nothing."""
    document = None
    for part in parts:
        addition = Addition([(client, kept(seq)) for client, seq in part])
        joined = join(document, "r1", MINUTE, addition)
        if joined is None:
            continue
        document = bson.decode(bson.encode(joined))
        assert join(document, "r1", MINUTE, addition) is None
    expected = sorted({row for part in parts for row in part}, key=lambda row: (row[1], row[0]))
    assert document is not None
    assert expected == [(client, one.seq) for client, one in rows_of(document)]
    assert [kept(seq) for _, seq in expected] == [one for _, one in rows_of(document)]


def test_refused_seqs_are_remembered_as_handled() -> None:
    """Runs of handled seqs hold stored and refused ones alike, merged."""
    document = join(None, "r1", MINUTE, Addition([("a", kept(1)), ("a", kept(3))], [("a", 2), ("b", 7)]))
    assert document is not None
    assert [("a", 1, 3), ("b", 7, 7)] == list(handled_of(document))
