"""The socket's rules on their own: deadlines on the wheel, buckets, the handshake, fragments, the table of endings."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import MEANINGS
from api.socket.assembly import Assembly, answer_to_close, is_utf8
from api.socket.codes import ENDINGS, LONGEST_REASON_BYTES, Close, bye, cut
from api.socket.gathering import MOST_ANSWERS, MOST_S, TRIED_EVERY_S, Gathering
from api.socket.handshake import SUBPROTOCOLS, Accepted, Turned, judge
from api.socket.limits import Rate, spend
from api.socket.wheel import NEVER, TICK_S, Wheel
from live.push import Encoding


class Timer:
    """One remembered timer."""

    def __init__(self, when_s: float, callback: Callable[[], None]) -> None:
        self.when_s, self.callback, self.cancelled = when_s, callback, False

    def cancel(self) -> None:
        """Do not call."""
        self.cancelled = True


class Clock:
    """A loop's clock and timers, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[Timer] = []

    def call_at(self, when_s: float, callback: Callable[[], None]) -> Timer:
        """Remember a timer."""
        timer = Timer(when_s, callback)
        self.timers.append(timer)
        return timer

    def go_to(self, now_s: float) -> None:
        """Move on, calling what comes due on the way."""
        while due := sorted((t for t in self.live() if t.when_s <= now_s), key=lambda timer: timer.when_s):
            self.now_s = max(self.now_s, due[0].when_s)
            due[0].cancel()
            due[0].callback()
        self.now_s = now_s

    def live(self) -> list[Timer]:
        """The timers that would still call."""
        self.timers = [timer for timer in self.timers if not timer.cancelled]
        return self.timers


class Item:
    """Something with deadlines: notes when it was looked at, and names the next."""

    def __init__(self, clock: Clock, again_s: float | None = None) -> None:
        self.slot = NEVER
        self.clock, self.again_s = clock, again_s
        self.looked: list[float] = []

    def tick(self, now_s: float) -> float | None:
        """Note and go on."""
        self.looked.append(now_s)
        return None if self.again_s is None else now_s + self.again_s


@given(deadlines=st.lists(st.floats(0.01, 100), min_size=1, max_size=50))
def test_every_deadline_is_met_once_and_hardly_late(deadlines: list[float]) -> None:
    """Each item is looked at when its time has come, at most one tick late, with one timer in the loop at a time."""
    clock = Clock()
    wheel = Wheel(clock.call_at, lambda: clock.now_s)
    items = [Item(clock) for _ in deadlines]
    for item, deadline in zip(items, deadlines, strict=True):
        wheel.at(deadline, item)
        assert len(clock.live()) == 1
    clock.go_to(200)
    for item, deadline in zip(items, deadlines, strict=True):
        (looked,) = item.looked
        assert deadline - 1e-6 <= looked <= deadline + TICK_S + 1e-6
    assert [] == clock.live()


def test_an_earlier_deadline_wins_and_a_later_one_is_heard_at_the_next_look() -> None:
    """Asking for an earlier look moves it forward; asking for a later one changes nothing."""
    clock = Clock()
    wheel = Wheel(clock.call_at, lambda: clock.now_s)
    item = Item(clock)
    for deadline in (10.0, 2.0, 5.0):
        wheel.at(deadline, item)
    clock.go_to(20)
    assert [pytest.approx(2.0, abs=TICK_S)] == item.looked


def test_a_beat_goes_on_with_one_timer() -> None:
    """Items that come again for ever leave no more than one timer waiting."""
    clock = Clock()
    wheel = Wheel(clock.call_at, lambda: clock.now_s)
    items = [Item(clock, again_s=1.0 + number / 10) for number in range(10)]
    for item in items:
        wheel.at(0.5, item)
    clock.go_to(100)
    assert 1 == len(clock.live())
    assert all(90 < len(item.looked) * item.again_s < 110 for item in items if item.again_s)


@given(gaps=st.lists(st.floats(0, 3), max_size=60), per_s=st.floats(0.5, 20), burst=st.integers(1, 20))
def test_a_bucket_never_gives_more_than_its_rate_and_burst(gaps: list[float], per_s: float, burst: int) -> None:
    """Over any stretch of time no more is allowed than burst and rate together, and waiting as told is enough."""
    rate, now_s, full_at_s = Rate(per_s, burst), 1000.0, 0.0
    allowed: list[float] = []
    for gap in gaps:
        now_s += gap
        full_at_s, wait_s = spend(full_at_s, now_s, rate)
        if not wait_s:
            allowed.append(now_s)
        else:
            assert 0.0 == spend(full_at_s, now_s + wait_s + 1e-6, rate)[1]
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            assert last - first + 1 <= burst + (allowed[last] - allowed[first]) * per_s + 1e-6


def upgrade(**headers: str) -> bytes:
    """A browser's upgrade request, with headers changed or, when empty, left out."""
    lines = {
        "host": "app.example", "upgrade": "websocket", "connection": "keep-alive, Upgrade",
        "sec_websocket_version": "13", "sec_websocket_key": base64.b64encode(bytes(16)).decode(),
    } | headers
    path = lines.pop("path", "/ws")
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value)
    return f"GET {path} HTTP/1.1\r\n{named}\r\n".encode()


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, Encoding.JSON),
        ({"sec_websocket_protocol": "ridewire.v1.msgpack"}, Encoding.MSGPACK),
        ({"sec_websocket_protocol": "other, ridewire.v1.json"}, Encoding.JSON),
        ({"sec_websocket_protocol": "other"}, 400),
        ({"path": "/ws?token=x"}, Encoding.JSON),
        ({"path": "/elsewhere"}, 404),
        ({"sec_websocket_version": "8"}, 426),
        ({"sec_websocket_key": "short"}, 400),
        ({"sec_websocket_key": ""}, 400),
        ({"origin": "https://listed.example"}, Encoding.JSON),
        ({"origin": "https://app.example"}, Encoding.JSON),
        ({"origin": "https://app.example.evil.example"}, 403),
        ({"cookie": "x" * 20_000}, 431),
    ],
)
def test_an_upgrade_request_is_accepted_or_turned_away(headers: dict[str, str], verdict: Encoding | int) -> None:
    """Path, version, key, origin and subprotocol decide, each with its HTTP status."""
    judged = judge(upgrade(**headers), "/ws", frozenset({"https://listed.example"}))
    assert verdict == (judged.status if isinstance(judged, Turned) else judged.encoding)


def test_the_best_known_subprotocol_is_the_first_offered() -> None:
    """The client's order decides."""
    for name in SUBPROTOCOLS:
        others = ", ".join([name, *SUBPROTOCOLS])
        judged = judge(upgrade(sec_websocket_protocol=others), "/ws", frozenset())
        assert isinstance(judged, Accepted)
        assert name == judged.subprotocol


@given(text=st.text(max_size=200), cuts=st.lists(st.integers(0, 800), max_size=6))
def test_fragments_become_the_text_wherever_they_are_cut(text: str, cuts: list[int]) -> None:
    """A text cut anywhere, even inside a character, is put together again."""
    data = text.encode()
    at = sorted({min(cut, len(data)) for cut in cuts})
    pieces = [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]
    assembly = Assembly(True, 10_000)
    results = [assembly.add(piece, number == len(pieces) - 1) for number, piece in enumerate(pieces)]
    assert [None] * (len(pieces) - 1) + [data] == results


@given(data=st.binary(max_size=40))
def test_text_is_utf8_or_refused(data: bytes) -> None:
    """Whole or in two fragments, the same bytes get the same verdict."""
    halves = Assembly(True, 1000)
    first = halves.add(data[: len(data) // 2], False)
    whole = first if first is not None else halves.add(data[len(data) // 2 :], True)
    assert is_utf8(data) == (whole == data)
    assert is_utf8(data) or whole is Close.BAD_UTF8


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        (b"", None), (b"\x03\xe8", 1000), (b"\x03\xe8bye", 1000), (b"\x0f\xa1", 4001), (b"\x03", 1002),
        (b"\x00\x00", 1002), (b"\x03\xed", 1002), (b"\x03\xee", 1002), (b"\x13\x88", 1002),
    ],
)
def test_a_close_is_answered_with_its_own_code_when_that_is_allowed(payload: bytes, answer: int | None) -> None:
    """Codes that may not travel (0, 1005, 1006, 5000) are answered with 1002."""
    assert answer == answer_to_close(payload)


def test_every_ending_says_its_code_and_whether_to_come_back() -> None:
    """Each close code has an ending; 4000 to 4499 come back, others do not; reasons fit into a close frame."""
    assert set(Close) == set(ENDINGS)
    assert {meaning.close for meaning in MEANINGS.values() if meaning.close} <= {int(code) for code in Close}
    for code in Close:
        said = bye(code)
        assert (code, 4000 <= code <= 4499) == (said["code"], said["retry"])
        assert said["after_ms"][0] <= said["after_ms"][1]
        assert len(said["reason"].encode()) <= LONGEST_REASON_BYTES
    assert len(cut("ü" * 100).encode()) <= LONGEST_REASON_BYTES


def reported(gathering: Gathering, now_s: float, points: int = 1) -> bool:
    """A report comes and is stored at once: is its answer held?"""
    gathering.heard(now_s, points)
    return gathering.holds(now_s)


def streaming() -> Gathering:
    """A phone that has shown, at 0.4 s, that it goes on without its answers."""
    gathering = Gathering()
    assert [False, True, True] == [reported(gathering, now_s) for now_s in (0.0, 0.3, 0.4)]
    gathering.gone()
    return gathering


def test_a_first_report_is_answered_at_once() -> None:
    """Whoever was quiet for longer than answers may wait gets the next one without delay, again and again."""
    gathering = Gathering()
    assert [False] * 5 == [reported(gathering, turn * (MOST_S + 0.01)) for turn in range(5)]


def test_a_phone_that_waits_for_its_answers_is_hardly_delayed() -> None:
    """It is tried once in TRIED_EVERY_S, for no more than half again its own rhythm."""
    gathering, now_s, delays = Gathering(), 0.0, []
    while now_s < 2 * TRIED_EVERY_S - 1:
        held = reported(gathering, now_s)
        delays.append(gathering.due_s - now_s if held else 0.0)
        if held:
            now_s = gathering.due_s
            gathering.gone()
        now_s += 0.05
    assert 2 == sum(delay > 0 for delay in delays)
    assert 0.075 == pytest.approx(max(delays))


def test_answers_of_a_phone_that_goes_on_gather() -> None:
    """Whoever reports while an answer is held gets them together, the oldest not later than MOST_S."""
    gathering = streaming()
    assert [True] * 4 == [reported(gathering, now_s) for now_s in (0.5, 0.6, 0.7, 0.8)]
    assert (4, 0.5 + MOST_S) == (gathering.held, gathering.due_s)


def test_a_phone_that_stops_is_believed_to_wait() -> None:
    """An answer that was held and found no company is the last one held, until the phone is tried again."""
    gathering = streaming()
    assert reported(gathering, 0.5)
    gathering.gone()
    assert [False, False] == [reported(gathering, 0.5 + MOST_S), reported(gathering, 0.6 + MOST_S)]


def test_a_backlog_is_answered_at_once() -> None:
    """Several points in a report are a phone that catches up: what is held goes with their answer."""
    assert not reported(streaming(), 0.5, points=2)


def test_no_more_than_so_many_answers_are_held() -> None:
    """The bound sends all of them."""
    gathering = streaming()
    answers = [reported(gathering, 0.5 + turn / 1000) for turn in range(MOST_ANSWERS + 1)]
    assert [True] * MOST_ANSWERS + [False] == answers
