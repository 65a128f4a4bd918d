"""Whatever bytes arrive: the server lives, every request with a usable id is answered, every refusal is well formed."""

import asyncio
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.socket.chat_commands import MOST_ID
from api.socket.commands import Unread, read
from api.socket.limits import Limits, Rate
from live.push import Encoding
from tests.api.socket.conftest import Wired
from tests.api.socket.talk import talking
from tests.waiting import until

CODECS: dict[Encoding, Any] = {Encoding.JSON: msgspec.json, Encoding.MSGPACK: msgspec.msgpack}
TYPES = ["auth", "auth.renew", "subscribe", "unsubscribe", "history", "location.report", "no.such", ""]
FIELDS = [
    "type", "id", "token", "client", "channel", "recover", "max_rate_hz", "before", "after", "limit", "points",
    "battery", "health", "oldest", "seq", "ts", "lat", "lng", "epoch", "offset", "extra",
]

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20), st.sampled_from(["room:1", "spot:1", "spot:shut", "user:x", "rider:r1", *TYPES]),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=12,
)
loose = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
ids = st.integers(0, 5) | st.sampled_from([MOST_ID, MOST_ID + 1, -1, 2**63])
channels = st.sampled_from(["room:1", "spot:1", "nowhere:1", "spot:shut", ""])
points = st.lists(st.fixed_dictionaries({"seq": scalars, "ts": scalars, "lat": scalars, "lng": scalars}), max_size=3)
likely = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES), "id": ids},
    optional={
        "channel": channels, "points": points, "limit": st.integers(-1, 300), "token": st.just("rider:r1"),
        "recover": st.fixed_dictionaries({"epoch": st.text(max_size=5), "offset": st.integers(-1, 9)}),
    },
)
frames = st.one_of(likely, st.lists(likely | loose, max_size=6), loose, values)


def usable_id(message: object) -> int | None:
    """The id a message must be answered under, if it has one."""
    given = message.get("id") if isinstance(message, dict) else None
    return given if type(given) is int and 0 <= given <= MOST_ID else None


@given(frame=frames, encoding=st.sampled_from(Encoding))
def test_every_message_of_a_frame_is_read_or_refused_under_its_id(frame: Any, encoding: Encoding) -> None:
    """Reading gives a command or a refusal per message, and a refusal keeps the id and names a field or the form."""
    messages = read(CODECS[encoding].encode(frame), encoding, most=256)
    expected = frame if isinstance(frame, list) else [frame]
    assert len(expected) == len(messages)
    for sent, got in zip(expected, messages, strict=True):
        assert usable_id(sent) == (got.re if isinstance(got, Unread) else got.id)
        if isinstance(got, Unread) and isinstance(sent, dict):
            assert got.refused.field or "Expected" in got.refused.message


@given(frame=st.binary(max_size=300), encoding=st.sampled_from(Encoding))
def test_any_bytes_are_read_or_refused(frame: bytes, encoding: Encoding) -> None:
    """No bytes make reading raise."""
    assert isinstance(read(frame, encoding, most=256), list)


@given(depth=st.integers(1, 65_000), encoding=st.sampled_from(Encoding))
@settings(max_examples=20)
def test_deep_nesting_is_refused(depth: int, encoding: Encoding) -> None:
    """Nesting as deep as a frame allows is refused, not followed."""
    opening = b"[" if encoding is Encoding.JSON else b"\x91"
    (refused,) = read(opening * depth, encoding, most=256)
    assert isinstance(refused, Unread)


async def _throw(url: str, garbage: bytes) -> None:
    async with talking(url) as peer:
        peer.socket.transport.write(garbage)
        peer.socket.transport.write_eof()
        await peer.closed()


async def test_any_bytes_on_the_wire_end_their_own_socket_only(wired: Wired) -> None:
    """Bytes that are no frames, or frames of anything, never reach beyond the socket they came on."""
    loop = asyncio.get_running_loop()

    @given(garbage=st.binary(min_size=1, max_size=200))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def attack(garbage: bytes) -> None:
        asyncio.run_coroutine_threadsafe(_throw(wired.url, garbage), loop).result(30)

    async with talking(wired.url) as bystander:
        await bystander.ask("auth", token="rider:r1")
        await asyncio.to_thread(attack)
        assert "unsubscribed" == (await bystander.ask("unsubscribe", channel="spot:1"))["type"]
    await until(lambda: wired.sockets.count == 0)
    assert 4006 not in wired.meters.closes


async def _survives(wired: Wired, script: list[Any], encoding: Encoding) -> None:
    async with talking(wired.url, encoding.name.lower()) as peer:
        await peer.ask("auth", token="rider:r1")
        owed: list[int] = []
        for frame in script:
            data = CODECS[encoding].encode(frame)
            await peer.socket.send(data.decode() if encoding is Encoding.JSON else data)
            owed += [given for each in (frame if isinstance(frame, list) else [frame])
                     if (given := usable_id(each)) is not None]
        await peer.say({"type": "unsubscribe", "id": MOST_ID, "channel": "spot:1"})
        owed.append(MOST_ID)
        answers = [1, *owed]
        while len([message for message in peer.seen if "re" in message]) < len(answers):
            await peer._read()
        assert sorted(answers) == sorted(message["re"] for message in peer.seen if "re" in message)


async def test_a_running_server_answers_whatever_it_is_sent(wired: Wired) -> None:
    """Random frames in both encodings, over real sockets: each usable id gets exactly one answer and nothing breaks."""
    wired.sockets.limits = Limits(requests=Rate(1e6, 10**6), reports=Rate(1e6, 10**6), violations=Rate(1e6, 10**6))
    wired.plain.shut.add("spot:shut")
    loop = asyncio.get_running_loop()

    @given(script=st.lists(frames, min_size=1, max_size=8), encoding=st.sampled_from(Encoding))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def attack(script: list[Any], encoding: Encoding) -> None:
        asyncio.run_coroutine_threadsafe(_survives(wired, script, encoding), loop).result(30)

    await asyncio.to_thread(attack)
    assert 4006 not in wired.meters.closes
