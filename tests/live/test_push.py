"""A push is encoded once per encoding, and naming its channel keeps it one well-formed message."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.push import Encoding, Push, encode, join

CODECS: dict[Encoding, Any] = {Encoding.JSON: msgspec.json, Encoding.MSGPACK: msgspec.msgpack}
values = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=20))
names = st.text(max_size=12).filter(lambda name: name != "channel")
messages = st.dictionaries(names, values, max_size=40)


@given(message=messages, channel=st.text(max_size=30), encoding=st.sampled_from(Encoding))
def test_a_push_is_its_message_with_the_channel(message: dict[str, Any], channel: str, encoding: Encoding) -> None:
    """Whatever a message holds, and however many fields, its push decodes to it plus the channel."""
    assert {"channel": channel} | message == CODECS[encoding].decode(Push(message).on(channel, encoding))


@pytest.mark.parametrize("fields", [0, 14, 15, 16, 65_535, 65_536])
def test_maps_of_every_size_take_one_more_field(fields: int) -> None:
    """MessagePack writes small, medium and large maps differently; the channel fits into each."""
    message = {f"f{number}": number for number in range(fields)}
    decoded = msgspec.msgpack.decode(Push(message).on("order:1", Encoding.MSGPACK))
    assert {"channel": "order:1"} | message == decoded


@given(batch=st.lists(messages, min_size=1, max_size=20), encoding=st.sampled_from(Encoding))
def test_one_message_is_itself_and_many_are_an_array(batch: list[dict[str, Any]], encoding: Encoding) -> None:
    """A frame holds one message bare and several as an array."""
    frame = CODECS[encoding].decode(join([encode(message, encoding) for message in batch], encoding))
    assert frame == (batch[0] if len(batch) == 1 else batch)


@pytest.mark.parametrize("encoding", Encoding)
def test_watchers_of_one_channel_share_the_bytes(encoding: Encoding) -> None:
    """The second watcher of a channel costs no encoding."""
    push = Push({"type": "position", "lat": 41.1})
    assert push.on("order:1", encoding) is push.on("order:1", encoding)
