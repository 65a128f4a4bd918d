"""An event in its envelope, its routing key and where that leads."""

from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.consumers import ON
from events.event import RANDOM_BITS, Event, Unreadable, decode, encode, key_of, make, new_id
from events.kinds import KINDS, BadEvent, check
from events.topology import QUEUES, Topology, matches

NOW_MS = 1_795_000_000_123
texts = st.text(max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8,
)


def test_the_envelope_is_type_timestamp_data_id_and_version() -> None:
    """On the wire stand exactly these, the instant as ISO-8601 in UTC."""
    event = make("ORDER_CREATED", {"orderId": "o1"}, NOW_MS, 7)
    sent = msgspec.json.decode(encode(event))
    assert {"id", "type", "timestamp", "data", "version"} == set(sent)
    assert ("ORDER_CREATED", {"orderId": "o1"}, 1) == (sent["type"], sent["data"], sent["version"])
    assert sent["timestamp"].endswith("Z")
    assert NOW_MS == round(datetime.fromisoformat(sent["timestamp"]).timestamp() * 1000)


@given(st.dictionaries(texts, plain, max_size=4), st.integers(0, 2**RANDOM_BITS - 1))
def test_an_event_comes_back_as_it_went(data: dict[str, object], random: int) -> None:
    """Whatever it tells."""
    event = make("PRODUCT_UPDATED", data, NOW_MS, random)
    assert event == decode(encode(event))


@given(st.binary(max_size=60))
def test_what_is_no_event_is_said_to_be_none(body: bytes) -> None:
    """Any bytes are an event or Unreadable, never another error."""
    with suppress(Unreadable):
        assert isinstance(decode(body), Event)


def test_an_event_of_a_newer_version_is_read_by_an_older_one() -> None:
    """Fields that are not known are passed over."""
    body = b'{"id":"e1","type":"X","timestamp":"2026-11-25T00:00:00Z","data":{},"version":2,"trace":"t"}'
    assert Event(id="e1", type="X", timestamp=datetime(2026, 11, 25, tzinfo=UTC), data={}, version=2) == decode(body)


def test_ids_sort_by_time() -> None:
    """Later ids are greater, whatever was drawn."""
    assert new_id(NOW_MS, 2**RANDOM_BITS - 1) < new_id(NOW_MS + 1, 0)
    assert 4 == new_id(NOW_MS, 123).count("-")


def test_only_known_events_in_their_form_are_taken() -> None:
    """An unknown type and a missing field are bugs of the one who emits, and are named."""
    with pytest.raises(BadEvent, match="no event ORDER_EATEN"):
        check("ORDER_EATEN", {})
    with pytest.raises(BadEvent, match=r"IMAGE_UPLOADED.*productId"):
        check("IMAGE_UPLOADED", {"imageId": "i1"})
    image = {"imageId": "i1", "productId": "p1", "contentHash": ""}
    assert image == check("IMAGE_UPLOADED", {"imageId": "i1", "productId": "p1"})


@pytest.mark.parametrize(("pattern", "key", "is_taken"), [
    ("order.*", "order.created", True), ("order.*", "order", False), ("order.*", "order.a.b", False),
    ("#", "a.b.c", True), ("chat.#", "chat", True), ("chat.#", "chat.message.unread", True),
    ("*.created", "order.created", True), ("#.unread", "chat.message.unread", True), ("a.b", "a.c", False),
])
def test_patterns_mean_what_a_topic_exchange_means(pattern: str, key: str, is_taken: bool) -> None:
    """`*` is one word, `#` any number of them."""
    assert is_taken is matches(pattern, key)


def test_every_event_has_a_queue_and_every_reaction_stands_on_a_queue_that_gets_it() -> None:
    """Nothing is published into the void, and nobody waits at a queue where nothing comes."""
    topology = Topology()
    assert [] == [type_ for type_ in KINDS if not topology.bound(key_of(type_))]
    keys = {key_of(type_) for type_ in KINDS}
    assert [] == [key for key in ON if key not in keys]
    standing = [(key, each) for key, listed in ON.items() for each in listed]
    assert [] == [(key, each.name) for key, each in standing if each.queue not in topology.bound(key)]


def test_reactions_of_one_event_have_names_of_their_own() -> None:
    """The mark of what is done is the event and the name."""
    assert [] == [key for key, listed in ON.items() if len({each.name for each in listed}) != len(listed)]


def test_the_queues_of_the_ledger_stand() -> None:
    """Names that others bind to do not change."""
    named = {queue.name for queue in QUEUES}
    assert {"order_processing", "product_updates", "image_processing", "notifications", "analytics"} == named
    assert "harvest_hub" == Topology().exchange
    assert {"order_processing", "notifications"} <= set(Topology().bound("order.updated"))
