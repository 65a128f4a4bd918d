"""The rules of rooms, texts and counts on their own, on random input."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chat.attachments import LONGEST_NAME, file_name
from chat.messages import Say, Stored, message_id
from chat.plan import Head, Plan
from chat.room import CLOSES_AFTER, No, OrderFacts, Person, Room, check_send, order_room, shop_room
from chat.text import BIDI_CONTROLS, MOST_BYTES, MOST_CHARACTERS, check, clean
from chat.unread import Counts, Mark, clamp, unread

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = st.integers(0, 50)


@given(st.text())
def test_a_cleaned_text_holds_nothing_that_turns_or_hides(text: str) -> None:
    """No control but line breaks and tabs, no bidi control, and cleaning again changes nothing."""
    cleaned = clean(text)
    assert cleaned == clean(cleaned)
    assert set() == set(cleaned) & (BIDI_CONTROLS | {chr(code) for code in (*range(9), *range(11, 32), 127, 0x2028)})


def test_limits_count_characters_and_bytes() -> None:
    """4000 letters may be, 4001 not; 4000 emoji are 16000 bytes and may be."""
    assert "a" * MOST_CHARACTERS == check("a" * MOST_CHARACTERS)
    assert "🛵" * (MOST_BYTES // 4) == check("🛵" * (MOST_BYTES // 4))
    refused = [check("a" * (MOST_CHARACTERS + 1)), check(" \u202e\n\u0000 ")]
    assert ["too_large", "bad_request"] == [each.code for each in refused if isinstance(each, No)]


@given(st.lists(st.sampled_from("abc"), max_size=40), st.data())
def test_unread_equals_a_recount(senders: list[str], data: st.DataObject) -> None:
    """What counts and marks say equals counting the messages of others above the mark, for everybody and any mark."""
    counts = Counts(len(senders), {who: senders.count(who) for who in set(senders)})
    for who in "abc":
        read = data.draw(st.integers(0, len(senders)))
        mark = Mark(read, read, senders[:read].count(who))
        assert sum(sender != who for sender in senders[read:]) == unread(counts, mark, who)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=10), st.randoms())
def test_marks_merge_in_any_order(parts: list[tuple[int, int, int]], random: object) -> None:
    """The same marks in another order come to the same mark, and none goes back."""
    marks = [Mark(*each) for each in parts]
    one = two = Mark()
    for mark in marks:
        one = one.with_(mark)
        assert one.order >= mark.order
    for mark in reversed(marks):
        two = two.with_(mark)
    assert one == two


@given(st.none() | NUMBERS, st.none() | NUMBERS, NUMBERS)
def test_nobody_marks_what_does_not_exist(delivered: int | None, read: int | None, number: int) -> None:
    """Marks end at the newest message, and who has read has got."""
    got, seen = clamp(delivered, read, number)
    assert 0 <= seen <= got <= number


def test_an_orders_room_narrows_and_closes_with_it() -> None:
    """The rider is in from assignment to the end; a day after the end nothing can be said."""
    def at(status: str, rev: int, rider: str | None) -> OrderFacts:
        return OrderFacts(id="o", customer="c", vendor="v", rider=rider, status=status, rev=rev, updated_at=NOW)

    placed = order_room(at("order_placed", 1, None), None, NOW)
    assigned = order_room(at("order_placed", 2, "r"), placed, NOW)
    ended = order_room(at("delivered", 8, "r"), assigned, NOW)
    assert [False, True, False] == [room.has("r", "rider") for room in (placed, assigned, ended)]
    assert ended is order_room(at("order_placed", 2, "r"), ended, NOW)
    customer = Person("c", "customer")
    assert None is check_send(ended, customer, NOW + CLOSES_AFTER - timedelta(seconds=1))
    closed = check_send(ended, customer, NOW + CLOSES_AFTER)
    assert closed is not None
    assert "room_closed" == closed.code


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=30))
def test_a_plan_stores_each_client_id_once(said: list[tuple[str, int]]) -> None:
    """Offsets and numbers rise by one over what is new; the same client id gets the first's place back."""
    plan = Plan({"room": Head("e", 7, 5, {"customer:a": 2})}, 0)
    outcomes = [
        plan.say(Say(room="room", sender=Person(who, "customer"), client_id=str(n), text="x", at=NOW), {})
        for who, n in said
    ]
    stored = [each for each in outcomes if isinstance(each, Stored)]
    assert stored == outcomes
    fresh = [each for each in stored if not each.duplicate]
    assert len(set(said)) == len(fresh) == len(plan.inserts) == len(plan.logs)
    assert [(8 + n, 6 + n) for n in range(len(fresh))] == [(each.offset, each.number) for each in fresh]
    places = {each.message_id: each.offset for each in fresh}
    assert [places[each.message_id] for each in stored] == [each.offset for each in stored]


def test_a_message_id_is_one_rooms_one_persons() -> None:
    """The same client id in another room, or by another role of the same name, is another message."""
    people = [Person("x", "customer"), Person("x", "rider")]
    ids = {message_id(room, person, "1") for room in ("r1", "r2") for person in people}
    assert 4 == len(ids)
    assert message_id("r1", people[0], "AB") == message_id("r1", people[0], "ab")


def test_a_room_survives_its_packing() -> None:
    """What goes into Redis comes out the same."""
    room = shop_room("v", "c", NOW)
    assert room == msgspec.msgpack.decode(msgspec.msgpack.encode(room), type=Room)


@given(st.text(max_size=300))
def test_a_file_name_is_a_line_of_text_and_no_path(name: str) -> None:
    """Never empty, never long, without separators, controls or what turns the reading direction; stable."""
    cleaned = file_name(name)
    assert cleaned == file_name(cleaned)
    assert set() == set(cleaned) & (BIDI_CONTROLS | set("/\\:\n\t\r\0"))
    assert 1 <= len(cleaned) <= LONGEST_NAME


def test_a_file_name_keeps_what_its_owner_meant() -> None:
    """The last part of a path, its words and its letters of any script."""
    names = {
        "/etc/passwd": "passwd", "C:\\fotos\\pinto.jpg": "pinto.jpg", "..": "picture", "": "picture",
        " дверь  2.png ": "дверь 2.png", "<b>.svg": "<b>.svg", "gpj.\u202eexe": "gpj.exe",
    }
    assert names == {name: file_name(name) for name in names}
