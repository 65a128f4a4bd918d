"""The client's pure rules: when to come back, what is new, what replaces what, what goes up next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client import comeback
from client.errors import ConnectionLost, TooSlow
from client.inbox import Inbox
from client.place import Place
from client.watcher import ChannelView
from client.wire import Encoding, Message, dumps, loads, merge_key, socket_url
from tests.client.peer import order_item

numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text()
messages = st.dictionaries(st.text(max_size=5), scalars)


@given(st.lists(messages.map(lambda fields: {**fields, "type": "t"}), min_size=1), st.sampled_from(Encoding))
def test_a_frame_comes_back_as_the_messages_it_was_made_of(sent: list[Message], encoding: Encoding) -> None:
    """Both encodings carry the same messages, one or many to a frame."""
    assert sent == loads(dumps(sent[0] if len(sent) == 1 else sent, encoding), encoding)


@pytest.mark.parametrize(
    ("code", "status", "returns"),
    [
        (1006, 0, True), (1001, 0, True), (4001, 0, True), (4003, 0, True), (4029, 0, True), (4499, 0, True),
        (4500, 0, False), (4501, 0, False), (4509, 0, False), (1009, 0, False), (1003, 0, False),
        (0, 0, True), (0, 503, True), (0, 429, True), (0, 403, False), (0, 404, False), (4401, 0, False),
    ],
)
def test_the_close_codes_range_says_whether_to_return(code: int, status: int, returns: bool) -> None:
    """4000–4499 and plain network ends come back; 4500–4999, our own faults and a refused Origin do not."""
    assert returns is comeback.may_return(ConnectionLost(code, "", status=status), can_renew=False)


def test_an_expired_token_returns_only_with_a_way_to_renew() -> None:
    """4401 means renew first."""
    assert comeback.may_return(ConnectionLost(4401, ""), can_renew=True)


@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True))
def test_the_wait_has_full_jitter_under_a_doubling_ceiling(failures: int, chance: float) -> None:
    """Never past 20 s, never past half a second at first, and spread over the whole of it."""
    wait_s = comeback.wait_s(ConnectionLost(1006, ""), failures, chance)
    assert chance * min(20.0, 0.5 * 2 ** min(failures, 10)) == wait_s


def test_byes_own_wait_wins() -> None:
    """A server that drains spreads its clients itself."""
    assert 1.5 == comeback.wait_s(ConnectionLost(4001, "", after_ms=(1000, 2000)), 9, 0.5)


def test_an_answer_that_fills_the_gap_is_told_without_a_gap() -> None:
    """After a reconnect only unseen items come, in order."""
    place = Place("e", 4)
    told = place.join({"channel": "c", "epoch": "e", "offset": 6, "items": [order_item(n) for n in (4, 5, 6)]})
    assert [5, 6] == [item["offset"] for item in told]


def test_a_hole_the_server_could_not_fill_is_told_as_gap() -> None:
    """Items that are lost are named before the ones that are not."""
    told = Place("e", 4).join({"channel": "c", "epoch": "e", "offset": 90, "items": [order_item(n) for n in (89, 90)]})
    assert {"type": "gap", "channel": "c", "from": 5, "to": 88} == told[0]
    assert [89, 90] == [item["offset"] for item in told[1:]]


def test_another_epoch_starts_the_log_over() -> None:
    """Same numbers of another stream are other items."""
    told = Place("old", 4).join({"channel": "c", "epoch": "new", "offset": 2, "items": [order_item(1), order_item(2)]})
    assert [1, 2] == [item["offset"] for item in told]


@given(st.lists(st.integers(1, 12)))
def test_no_offset_is_new_twice_and_none_is_jumped(offsets: list[int]) -> None:
    """Whatever arrives, what is taken as new is 1, 2, 3 …"""
    place, taken = Place("e", 0), []
    for offset in offsets:
        if place.judge(order_item(offset)) == "new":
            place.advance(order_item(offset))
            taken.append(offset)
    assert list(range(1, len(taken) + 1)) == taken


async def test_a_newer_position_takes_its_elders_place_in_the_inbox() -> None:
    """An application that reads slowly sees the newest position, and every log item."""
    inbox = Inbox()
    for ts in (1, 2, 3):
        inbox.put({"type": "position", "channel": "c", "rider": "r", "ts": ts})
        inbox.put({**order_item(ts), "channel": "c"})
    inbox.close()
    assert [3, None, None, None] == [push.get("ts") for push in [push async for push in inbox]]


async def test_a_log_item_past_the_bound_is_an_error_not_a_loss() -> None:
    """The inbox says how much waits instead of dropping."""
    inbox = Inbox(max_waiting=2)
    inbox.put(order_item(1))
    inbox.put(order_item(2))
    with pytest.raises(TooSlow, match="2 log items wait unread"):
        inbox.put(order_item(3))


def test_log_items_are_never_merged() -> None:
    """An offset marks what must be kept."""
    assert merge_key({"type": "position", "offset": 3, "rider": "r"}) is None


@pytest.mark.parametrize(
    ("given_url", "dialled"),
    [
        ("http://h:8000", "ws://h:8000/ws"), ("https://h/", "wss://h/ws"), ("ws://h/ws", "ws://h/ws"),
        ("wss://h/live/ws", "wss://h/live/ws"),
    ],
)
def test_a_site_address_becomes_the_sockets(given_url: str, dialled: str) -> None:
    """People paste what they see in the browser."""
    assert dialled == socket_url(given_url)


def test_a_view_shows_state_then_the_newest_push() -> None:
    """`subscribed` state and pushes merge; an older fix does not move a rider back."""
    view = ChannelView("order:o1")
    at = {"type": "position", "rider": "r1", "lat": 1.0, "lng": 2.0}
    state = {"now": [{**at, "ts": 5}]}
    view.apply({"type": "subscribed", "epoch": "e", "offset": 1, "items": [order_item(1)], "state": state})
    view.apply({**at, "channel": "order:o1", "ts": 9})
    view.apply({**at, "channel": "order:o1", "ts": 7})
    assert 9 == view.positions["r1"]["ts"]
    view.apply({"type": "left", "channel": "order:o1", "rider": "r1"})
    assert {} == view.positions
    assert [1] == [item["offset"] for item in view.items]
