"""What waits for a socket, and what gives way: latest merges, ephemeral drops, a log never loses an item silently."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from live.meters import Meters
from live.outbox import EPHEMERAL_ITEMS, LOG_ITEMS, Outbox
from live.push import Encoding, Push

NOW_MS = 1_800_000_000_000.0


class Reader:
    """An outbox with what was taken from it."""

    def __init__(self) -> None:
        self.woken = 0
        self.outbox = Outbox(Encoding.JSON, self._wake, Meters())

    def _wake(self) -> None:
        self.woken += 1

    def take(self, now_ms: float = NOW_MS, budget_bytes: int = 1 << 20) -> list[dict[str, Any]]:
        """One frame's messages."""
        frame = self.outbox.take(now_ms, budget_bytes)
        messages = [] if frame is None else msgspec.json.decode(frame)
        return messages if isinstance(messages, list) else [messages]

    def drain(self) -> list[dict[str, Any]]:
        """Frame after frame until nothing comes."""
        taken: list[dict[str, Any]] = []
        while batch := self.take():
            taken += batch
        return taken


def position(ts: int) -> Push:
    """A value that is told apart by its time."""
    return Push({"type": "position", "ts": ts}, born_ms=NOW_MS - 3)


def test_a_dirty_outbox_wakes_its_writer_once() -> None:
    """However much arrives between two writes, the writer is woken once."""
    reader = Reader()
    for ts in range(5):
        reader.outbox.latest("order:1", "r1", position(ts))
    assert 1 == reader.woken
    reader.drain()
    reader.outbox.reply({"type": "ok"})
    assert 2 == reader.woken


def test_a_thousand_positions_leave_one() -> None:
    """While the reader is away only the newest value of each subject waits."""
    reader = Reader()
    for ts in range(1000):
        reader.outbox.latest("order:1", "r1", position(ts))
        reader.outbox.latest("order:1", "r2", position(-ts))
    assert [999, -999] == [message["ts"] for message in reader.drain()]
    assert 1998 == reader.outbox.meters.latest_merged


def test_answers_go_before_log_before_latest_before_ephemeral() -> None:
    """A client learns of its request before it gets what follows from it."""
    reader = Reader()
    reader.outbox.ephemeral("room:1", "u1", Push({"type": "chat.typing"}))
    reader.outbox.latest("order:1", "r1", position(1))
    reader.outbox.log("room:1", 1, Push({"type": "chat.message"}))
    reader.outbox.reply({"type": "subscribed"})
    kinds = [message["type"] for message in reader.take()]
    assert ["subscribed", "chat.message", "position", "chat.typing"] == kinds


def test_too_long_a_log_overflows_and_says_so() -> None:
    """A log over its bound is not cut: the outbox is marked and its writer told, so that the socket can end."""
    reader = Reader()
    for offset in range(1, LOG_ITEMS + 2):
        reader.outbox.log("room:1", offset, Push({"type": "line"}))
    assert (True, 2) == (reader.outbox.overflowed, reader.woken)


def test_a_heavy_log_overflows_by_bytes() -> None:
    """Few long items overflow as well."""
    reader = Reader()
    for offset in range(1, 10):
        reader.outbox.log("room:1", offset, Push({"type": "line", "text": "x" * 60_000}))
    assert reader.outbox.overflowed


def test_ephemeral_news_is_dropped_first() -> None:
    """Beyond a small number of subjects ephemeral news is dropped and counted."""
    reader = Reader()
    for user in range(EPHEMERAL_ITEMS + 5):
        reader.outbox.ephemeral("room:1", f"u{user}", Push({"type": "chat.typing"}))
    assert (EPHEMERAL_ITEMS, 5) == (len(reader.drain()), reader.outbox.meters.ephemeral_dropped)


def test_a_held_channel_waits_for_its_subscribed() -> None:
    """Pushes that come while `subscribed` is made go out after it, without those it carried."""
    reader = Reader()
    reader.outbox.hold("room:1")
    for offset in range(1, 6):
        reader.outbox.log("room:1", offset, Push({"type": "line", "offset": offset}))
    reader.outbox.latest("room:1", "u1", position(1))
    assert [] == reader.take()
    reader.outbox.reply({"type": "subscribed", "offset": 3})
    reader.outbox.release("room:1", 3)
    seen = [message.get("offset", message["type"]) for message in reader.drain()]
    assert [3, 4, 5, "position"] == seen


def test_a_channel_that_was_left_is_silent() -> None:
    """Nothing of a channel goes out after it was forgotten."""
    reader = Reader()
    reader.outbox.log("room:1", 1, Push({"type": "line"}))
    reader.outbox.latest("room:1", "u1", position(1))
    reader.outbox.latest("room:2", "u1", position(2))
    reader.outbox.forget("room:1")
    assert ["room:2"] == [message["channel"] for message in reader.drain()]


def test_last_words_are_last() -> None:
    """`bye` goes out after what waits, and nothing is taken in after it."""
    reader = Reader()
    reader.outbox.log("room:1", 1, Push({"type": "line"}))
    reader.outbox.close({"type": "bye"})
    reader.outbox.reply({"type": "ok"})
    assert ["line", "bye"] == [message["type"] for message in reader.drain()]


def test_a_pace_bounds_how_often_values_go_out() -> None:
    """Within the interval newer values replace waiting ones, and `due_ms` says when the next may go."""
    reader = Reader()
    reader.outbox.set_rate("area:1", 2.0)
    reader.outbox.latest("area:1", "r1", position(1))
    assert [1] == [message["ts"] for message in reader.take(NOW_MS)]
    reader.outbox.latest("area:1", "r1", position(2))
    reader.outbox.latest("area:1", "r1", position(3))
    assert ([], NOW_MS + 500) == (reader.take(NOW_MS + 499), reader.outbox.due_ms)
    assert [3] == [message["ts"] for message in reader.take(NOW_MS + 500)]


def test_a_clock_set_back_does_not_silence_a_channel() -> None:
    """After the wall clock jumps back an hour a paced channel waits one interval, not an hour."""
    reader = Reader()
    reader.outbox.set_rate("area:1", 1.0)
    reader.outbox.latest("area:1", "r1", position(1))
    reader.take(NOW_MS)
    reader.outbox.latest("area:1", "r1", position(2))
    hour_ago = NOW_MS - 3_600_000
    reader.take(hour_ago)
    assert reader.outbox.due_ms is not None
    assert reader.outbox.due_ms <= hour_ago + 1000


def test_the_way_from_fix_to_socket_is_measured() -> None:
    """Writing a latest value counts how long ago its cause came in."""
    reader = Reader()
    reader.outbox.latest("order:1", "r1", position(1))
    reader.take(NOW_MS)
    assert 5.0 == reader.outbox.meters.delay_ms.quantile(0.5)


@given(budget_bytes=st.integers(1, 500), count=st.integers(1, 50))
def test_a_budget_splits_frames_and_loses_nothing(budget_bytes: int, count: int) -> None:
    """However small the frames, every item and every value arrives, in order."""
    reader = Reader()
    reader.outbox.set_rate("area:1", 1.0)
    for number in range(1, count + 1):
        reader.outbox.log("room:1", number, Push({"offset": number}))
        reader.outbox.latest("area:1", f"r{number}", Push({"value": number}))
    taken: list[dict[str, Any]] = []
    while batch := reader.take(budget_bytes=budget_bytes):
        taken += batch
    assert list(range(1, count + 1)) == [message["offset"] for message in taken if "offset" in message]
    assert list(range(1, count + 1)) == [message["value"] for message in taken if "value" in message]


class History(RuleBasedStateMachine):
    """Random histories of one socket: what was taken, merged, is what was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader()
        self.offset = self.taken_offset = self.value = 0
        self.taken_value = 0

    @rule()
    def write_log(self) -> None:
        """A new item."""
        self.offset += 1
        self.reader.outbox.log("room:1", self.offset, Push({"offset": self.offset}))

    @rule(age=st.integers(0, 3))
    def repeat_log(self, age: int) -> None:
        """An item that the socket has already."""
        if self.offset - age > 0:
            self.reader.outbox.log("room:1", self.offset - age, Push({"offset": self.offset - age}))

    @rule()
    def write_value(self) -> None:
        """A newer value."""
        self.value += 1
        self.reader.outbox.latest("order:1", "r1", Push({"value": self.value}))

    @rule(budget_bytes=st.integers(1, 200))
    def take(self, budget_bytes: int) -> None:
        """Write one frame: items without gap or repetition, values never older."""
        for message in self.reader.take(budget_bytes=budget_bytes):
            if "offset" in message:
                assert self.taken_offset + 1 == message["offset"]
                self.taken_offset = message["offset"]
            else:
                assert message["value"] > self.taken_value
                self.taken_value = message["value"]

    @invariant()
    def nothing_is_lost(self) -> None:
        """What waits is all that was put in and not taken, and never more than one value."""
        outbox = self.reader.outbox
        assert self.offset - self.taken_offset == len(outbox._log or ())
        assert int(self.value > self.taken_value) == len(outbox._latest or ())


TestHistory = History.TestCase
