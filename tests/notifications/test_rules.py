"""Who is told what, and what becomes of it: the table, preferences, quiet hours and decisions, without any server."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.orders.rules import STEPS
from notifications.about import OrderNews, about_order, about_room
from notifications.decision import Drop, Send, Wait, decide
from notifications.notice import Notice
from notifications.preferences import Preferences, Quiet, allows, fault, quiet_until_ms
from notifications.rules import RULES, STATUS_EVENTS
from notifications.words import WORDS

NOW_MS = 1_795_000_000_000
ALL = frozenset({"push", "email", "sms"})


def ms(text: str) -> int:
    """An instant as epoch milliseconds."""
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def notice(**fields: Any) -> Notice:
    """A notification that may go by push or e-mail for an hour."""
    base = Notice(
        id="n1", user="c1", role="customer", kind="order.arriving", title="t", body="b", data={}, priority="high",
        created_ms=NOW_MS, expires_ms=NOW_MS + 3_600_000, fallback=("push", "email"),
    )
    return msgspec.structs.replace(base, **fields)


def news(event: str, status: str, rev: int = 1) -> OrderNews:
    return OrderNews(event=event, order="o1", rev=rev, status=status, customer="c1", vendor="v1", rider="r1")


def test_every_row_has_words_and_every_word_a_row() -> None:
    """What is told is written for each person it is told to; `notice` brings its own words."""
    rows = {(rule.event, rule.to) for rule in RULES if rule.event != "notice"}
    assert rows == set(WORDS)
    assert len(RULES) == len({(rule.event, rule.to) for rule in RULES})


def test_every_status_of_an_order_is_told_to_somebody() -> None:
    """No step of the status machine is forgotten."""
    statuses = {status for step in STEPS for status in step}
    assert statuses == set(STATUS_EVENTS)
    assert [] == [status for status, event in STATUS_EVENTS.items() if not about_order(news(event, status), NOW_MS)]


def test_a_new_order_tells_shop_and_buyer() -> None:
    """The shop by push, else SMS; the buyer by push, and with a record by e-mail."""
    told = {each.role: each for each in about_order(news("order.placed", "order_placed"), NOW_MS)}
    assert {"customer", "vendor"} == set(told)
    assert (("push", "sms"), ()) == (told["vendor"].fallback, told["vendor"].also)
    assert (("push",), ("email",)) == (told["customer"].fallback, told["customer"].also)


def test_news_that_the_order_has_overtaken_is_told_to_nobody() -> None:
    """Nobody hears "arriving" of an order that is delivered."""
    assert [] == about_order(news("order.arriving", "delivered"), NOW_MS)


def test_the_same_happening_makes_the_same_notification() -> None:
    """An event that is delivered twice is recognised by id, and each person's is another."""
    first, second = (about_order(news("order.cancelled", "cancelled"), at) for at in (NOW_MS, NOW_MS + 9000))
    assert [each.id for each in first] == [each.id for each in second]
    assert 3 == len({each.id for each in first})


def test_a_room_is_one_subject() -> None:
    """Two messages of a room collapse, and show their number."""
    one = about_room("r", "m1", "c1", "customer", 1, "the vendor", NOW_MS)
    many = about_room("r", "m2", "c1", "customer", 5, "the vendor", NOW_MS + 1)
    assert one.collapse == many.collapse
    assert ("1 unread message", "5 unread messages") == (one.body, many.body)
    assert one.rank < many.rank


@pytest.mark.parametrize(("kinds", "kind", "wanted"), [
    ({}, "order.ready", True),
    ({"*": {"push": False}}, "order.ready", False),
    ({"*": {"push": False}, "order": {"push": True}}, "order.ready", True),
    ({"order": {"push": False}, "order.ready": {"push": True}}, "order.ready", True),
    ({"order": {"push": False}}, "chat.unread", True),
    ({"order": {"email": False}}, "order.ready", True),
])
def test_the_narrower_choice_counts(kinds: dict[str, dict[str, bool]], kind: str, wanted: bool) -> None:
    """Kind before group before everything; what nobody chose is on."""
    assert wanted is allows(msgspec.convert({"kinds": kinds}, Preferences), kind, "push")


@pytest.mark.parametrize(("wrong", "field"), [
    ({"time_zone": "Mars/Olympus"}, "time_zone"), ({"kinds": {"weather": {"push": False}}}, "kinds"),
    ({"quiet": {"start": "08:00", "end": "08:00"}}, "quiet"),
])
def test_what_cannot_be_kept_is_named(wrong: dict[str, Any], field: str) -> None:
    """A zone, kind or span that means nothing."""
    found = fault(msgspec.convert(wrong, Preferences))
    assert found is not None
    assert field == found[0]
    assert fault(Preferences()) is None


NIGHT = Quiet("22:00", "07:00")


@pytest.mark.parametrize(("zone", "now", "until"), [
    ("Asia/Manila", "2026-11-25T21:59:59+08:00", None),
    ("Asia/Manila", "2026-11-25T22:00:00+08:00", "2026-11-26T07:00:00+08:00"),
    ("Asia/Manila", "2026-11-26T06:59:59+08:00", "2026-11-26T07:00:00+08:00"),
    ("Asia/Manila", "2026-11-26T07:00:00+08:00", None),
    ("Europe/Lisbon", "2026-10-25T00:30:00+01:00", "2026-10-25T07:00:00+00:00"),
    ("Europe/Lisbon", "2026-03-29T00:30:00+00:00", "2026-03-29T07:00:00+01:00"),
])
def test_quiet_hours_are_those_of_the_persons_clock(zone: str, now: str, until: str | None) -> None:
    """Over midnight, and through the nights in which the clock is put forward or back."""
    preferences = Preferences(time_zone=zone, quiet=NIGHT)
    assert (ms(until) if until else None) == quiet_until_ms(preferences, ms(now))


def test_quiet_hours_within_a_day() -> None:
    """A nap begins and ends on the same day."""
    nap = Preferences(quiet=Quiet("13:00", "14:00"))
    assert ms("2026-11-25T14:00+00:00") == quiet_until_ms(nap, ms("2026-11-25T13:30+00:00"))
    assert quiet_until_ms(nap, ms("2026-11-25T14:00+00:00")) is None


QUIET = Preferences(quiet=Quiet("00:00", "23:59"))
OFF = msgspec.convert({"kinds": {"order": {"push": False, "email": False}}}, Preferences)
MORNING_MS = ms("2026-11-25T08:00+00:00")


@pytest.mark.parametrize(("fields", "preferences", "reachable", "failed", "is_true", "expected"), [
    ({}, Preferences(), ALL, (), True, Send("push")),
    ({}, Preferences(), {"email"}, (), True, Send("email")),
    ({}, Preferences(), ALL, ("push",), True, Send("email")),
    ({}, Preferences(), ALL, ("push", "email"), True, Drop("failed")),
    ({}, Preferences(), {"sms"}, (), True, Drop("unreachable")),
    ({}, OFF, ALL, (), True, Drop("not_wanted")),
    ({}, Preferences(), ALL, (), False, Drop("outdated")),
    ({"expires_ms": MORNING_MS}, Preferences(), ALL, (), True, Drop("expired")),
    ({}, QUIET, ALL, (), True, Drop("quiet_hours")),
    ({"expires_ms": MORNING_MS + 86_400_000}, QUIET, ALL, (), True, Wait(ms("2026-11-25T23:59+00:00"))),
    ({"priority": "critical"}, QUIET, ALL, (), True, Send("push")),
    ({"fallback": ()}, Preferences(), ALL, (), True, Drop("not_wanted")),
])
def test_what_becomes_of_an_unconfirmed_notification(
    fields: dict[str, Any], preferences: Preferences, reachable: frozenset[str], failed: tuple[str, ...],
    is_true: bool, expected: Send | Wait | Drop,
) -> None:
    """The first way that is open and wanted, later, or nothing, and why."""
    told = notice(**{"expires_ms": MORNING_MS + 3_600_000} | fields)
    assert expected == decide(told, preferences, reachable, failed, MORNING_MS, is_true=is_true)


clocks = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")
zones = st.sampled_from(["UTC", "Asia/Manila", "Europe/Lisbon", "America/St_Johns", "Australia/Lord_Howe"])


@given(clocks, clocks, zones, st.integers(0, 400 * 86_400), st.sampled_from(["normal", "high"]))
def test_nobody_is_interrupted_in_quiet_hours(
    start: str, end: str, zone: str, after_s: int, priority: Any
) -> None:
    """Whenever it is: a decision to send means that no quiet hours hold, and a wait ends outside of them."""
    if start == end:
        return
    preferences, now_ms = Preferences(time_zone=zone, quiet=Quiet(start, end)), NOW_MS + after_s * 1000
    told = notice(priority=priority, expires_ms=now_ms + 3 * 86_400_000)
    decided = decide(told, preferences, ALL, (), now_ms, is_true=True)
    until = quiet_until_ms(preferences, now_ms)
    assert decided == (Send("push") if until is None else Wait(until))
    if until is not None:
        assert now_ms < until
        assert quiet_until_ms(preferences, until) is None
