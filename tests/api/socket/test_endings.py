"""How sockets end: every close has its code, `bye` says the same code before it, and the limits hold."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from api.socket.limits import Limits, Rate
from tests.api.socket.conftest import Wired
from tests.api.socket.talk import Talk, talking
from tests.waiting import until


@pytest.fixture
def limits() -> Limits:
    """Little of everything."""
    return Limits(sockets_per_user=2, requests=Rate(1, 3), reports=Rate(1, 3), violations=Rate(1, 4))


async def ending(talk: Talk) -> tuple[int | None, int]:
    """The close code, and the code that `bye` said before it."""
    code, _ = await talk.closed()
    return code, talk.seen[-1]["code"] if talk.seen and talk.seen[-1]["type"] == "bye" else 0


@pytest.mark.parametrize(("encoding", "frame"), [("json", b"\x80"), ("msgpack", "{}")])
async def test_the_other_kind_of_frame_is_refused(wired: Wired, encoding: str, frame: bytes | str) -> None:
    """Binary frames on the JSON subprotocol, and text on MessagePack, close 1003."""
    async with talking(wired.url, encoding) as peer:
        await peer.ask("auth", token="rider:r1")
        await peer.socket.send(frame)
        assert (1003, 1003) == await ending(peer)


async def test_too_long_a_message_is_refused(wired: Wired) -> None:
    """A frame over 64 KiB closes 1009, whether it comes whole or in fragments."""
    async with talking(wired.url) as whole, talking(wired.url) as fragmented:
        await whole.socket.send("x" * 65_537)
        assert (1009, 1009) == await ending(whole)
        await fragmented.socket.send(["x" * 40_000, "x" * 40_000])
        assert (1009, 1009) == await ending(fragmented)


async def test_a_message_of_the_limit_is_read(wired: Wired) -> None:
    """Exactly 64 KiB is still a message."""
    async with talking(wired.url) as peer:
        await peer.ask("auth", token="rider:r1")
        message = b'{"type":"unsubscribe","id":9,"channel":"spot:1"}'
        await peer.socket.send((message + b" " * (65_536 - len(message))).decode())
        assert "unsubscribed" == (await peer.answer(9))["type"]


UNMASKED = b"\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param(b"\x81\x82" + UNMASKED + b"\xff\xfe", 1007, id="text that is not UTF-8"),
        pytest.param(b"\xc1\x82" + UNMASKED + b"{}", 1002, id="a reserved bit"),
        pytest.param(b"\x80\x82" + UNMASKED + b"{}", 1002, id="a fragment of nothing"),
        pytest.param(b"\x83\x80" + UNMASKED, 1002, id="an unknown opcode"),
        pytest.param(b"\x81\x02{}", 1002, id="no mask"),
        pytest.param(b"\x89\xfe\x00\x7e" + UNMASKED + b"x" * 126, 1002, id="a long ping"),
    ],
)
async def test_what_breaks_the_websocket_protocol_ends_with_its_code(wired: Wired, frame: bytes, code: int) -> None:
    """Broken frames close with RFC 6455's codes, whether we or the frame parser found out, and `bye` says the same."""
    async with talking(wired.url) as peer:
        peer.socket.transport.write(frame)
        assert (code, code) == await ending(peer)


@pytest.mark.parametrize("request_type", ["subscribe", "location.report"])
async def test_too_many_requests_are_refused_then_ended(wired: Wired, request_type: str) -> None:
    """Over its rate a client is told when to ask again; one that goes on is closed 4029."""
    fields = {"channel": "spot:1"} if request_type == "subscribe" else {
        "points": [{"seq": 1, "ts": 1, "lat": 1.0, "lng": 1.0}]
    }
    async with talking(wired.url) as peer:
        await peer.ask("auth", token="rider:r1")
        for number in range(2, 12):
            await peer.say({"type": request_type, "id": number} | fields)
        assert (4029, 4029) == await ending(peer)
        refused = [message for message in peer.seen if message["type"] == "error"]
        assert {("rate_limited", True)} == {(message["code"], message["retry"]) for message in refused}
        assert all(0 < message["after_ms"] <= 5000 for message in refused)


async def test_the_oldest_of_too_many_sockets_gives_way(wired: Wired) -> None:
    """A user's socket over the limit replaces the oldest, which is told not to come back by itself."""
    async with talking(wired.url) as first, talking(wired.url) as second, talking(wired.url) as third:
        for peer in (first, second, third):
            assert "welcome" == (await peer.ask("auth", token="rider:r1"))["type"]
        assert (4509, 4509) == await ending(first)
        assert not first.seen[-1]["retry"]
        await until(lambda: wired.sockets.count == 2)


async def test_a_share_link_may_be_open_in_many_places(wired: Wired) -> None:
    """Guests of one link are many people: the limit of a single user does not count for them."""
    async with talking(wired.url) as first, talking(wired.url) as second, talking(wired.url) as third:
        for peer in (first, second, third):
            assert "welcome" == (await peer.ask("auth", token="guest:link"))["type"]
        assert "unsubscribed" == (await first.ask("unsubscribe", channel="spot:1"))["type"]


async def test_users_can_be_sent_away(wired: Wired) -> None:
    """`close_where` ends the sockets of those it is true of and of nobody else."""
    async with talking(wired.url) as banned, talking(wired.url) as other:
        await banned.ask("auth", token="rider:r1")
        await other.ask("auth", token="rider:r2")
        assert 1 == wired.sockets.close_where(lambda actor: actor.sub == "r1", 4501, "banned")
        assert (4501, 4501) == await ending(banned)
        assert "unsubscribed" == (await other.ask("unsubscribe", channel="spot:1"))["type"]


async def test_a_drain_answers_what_it_owes_and_says_when_to_come_back(wired: Wired) -> None:
    """A report on its way is answered before `bye` 4001, which spreads the comers; new requests are refused."""
    wired.held_answers = []
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1")
        await rider.say(
            {"type": "location.report", "id": 2, "points": [{"seq": 1, "ts": 1, "lat": 1.0, "lng": 1.0}]}
        )
        await until(lambda: wired.held_answers)
        draining = asyncio.create_task(wired.sockets.drain(within_s=5))
        await rider.say({"type": "unsubscribe", "id": 3, "channel": "spot:1"})
        assert "shutdown" == (await rider.answer(3))["code"]
        wired.held_answers.pop()()
        assert (4001, 4001) == await ending(rider)
        assert [2, 3] == sorted(message["re"] for message in rider.seen if message.get("re", 1) > 1)
        bye = rider.seen[-1]
        assert bye["retry"]
        assert 0 <= bye["after_ms"][0] < bye["after_ms"][1]
        await draining
    assert 0 == wired.sockets.count


async def test_a_stopping_server_takes_no_new_sockets(wired: Wired) -> None:
    """While it does not accept, an upgrade is answered 503 before it becomes a socket."""
    wired.engine.accepting = False
    with pytest.raises(InvalidStatus) as refused:
        async with talking(wired.url):
            pass
    assert 503 == refused.value.response.status_code
