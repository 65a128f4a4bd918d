"""The conversation on a socket: auth first, requests answered by id, endings with their codes."""

import pytest
from websockets.exceptions import InvalidStatus

from api.socket.limits import Limits
from tests.api.socket.conftest import Wired
from tests.api.socket.talk import talking
from tests.waiting import until


@pytest.fixture
def limits() -> Limits:
    """A short patience with those who do not say who they are."""
    return Limits(auth_within_s=0.3, expiry_grace_s=0.2)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
async def test_auth_is_welcomed_with_who_it_is(wired: Wired, encoding: str) -> None:
    """`welcome` answers `auth` with the user, the role, the clock and the limits."""
    async with talking(wired.url, encoding) as rider:
        welcome = await rider.ask("auth", token="rider:r1", client="phone")
        assert ("welcome", "r1", "rider") == (welcome["type"], welcome["sub"], welcome["role"])
        assert 65536 == welcome["limits"]["message_bytes"]


async def test_nothing_is_read_before_auth(wired: Wired) -> None:
    """A first message that is not `auth` ends the socket with 4408 and is not acted on."""
    async with talking(wired.url) as stranger:
        await stranger.say({"type": "subscribe", "id": 1, "channel": "spot:1"})
        assert 4408 == (await stranger.closed())[0]
        assert ["bye"] == [message["type"] for message in stranger.seen]
    assert 0 == wired.hub.topics


async def test_silence_ends_with_no_auth(wired: Wired) -> None:
    """A socket that says nothing is closed 4408 after its time, with the same code in `bye`."""
    async with talking(wired.url) as stranger:
        assert 4408 == (await stranger.closed())[0]
        assert (4408, True) == (stranger.seen[-1]["code"], stranger.seen[-1]["retry"])


@pytest.mark.parametrize(("token", "code"), [("nobody:x", 4500), ("revoked:x", 4501)])
async def test_a_refused_token_ends_the_socket(wired: Wired, token: str, code: int) -> None:
    """A bad token is told as an error, and the close code tells the client not to come back."""
    async with talking(wired.url) as stranger:
        error = await stranger.ask("auth", token=token)
        assert "error" == error["type"]
        assert code == (await stranger.closed())[0]
        assert (code, False) == (stranger.seen[-1]["code"], stranger.seen[-1]["retry"])


async def test_an_expired_token_ends_the_socket_after_its_grace(wired: Wired) -> None:
    """Without renewal a socket outlives its token by the grace only and is closed 4401."""
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1:0.1")
        assert 4401 == (await rider.closed())[0]


async def test_every_report_gets_its_own_answer_though_they_travel_together(wired: Wired) -> None:
    """A phone that does not wait hears of each report by its id, in order, also of the last one."""
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1", client="phone")
        for number in range(2, 22):
            point = {"seq": number, "ts": 1, "lat": 1.0, "lng": 1.0}
            await rider.say({"type": "location.report", "id": number, "points": [point]})
        await rider.answer(21)
        acked = [message["re"] for message in rider.seen if message["type"] == "location.ack"]
        assert list(range(2, 22)) == acked


async def test_a_renewed_token_keeps_the_socket(wired: Wired) -> None:
    """`auth.renew` moves the end; somebody else's token is refused and changes nothing."""
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1:0.1")
        assert "forbidden" == (await rider.ask("auth.renew", token="rider:r2"))["code"]
        assert "welcome" == (await rider.ask("auth.renew", token="rider:r1"))["type"]
        session = next(iter(wired.sockets._sessions))
        assert session.expires_s > wired.sockets.now_s() + 500


async def test_a_report_is_handed_on_and_answered(wired: Wired) -> None:
    """A rider's report reaches tracking with rider and app install, and its answer comes back by id."""
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1", client="phone")
        points = [{"seq": 1, "ts": 1, "lat": 41.1, "lng": -8.6}]
        ack = await rider.ask("location.report", points=points)
        assert ("location.ack", 1) == (ack["type"], ack["upto"])
    assert [("r1", "phone")] == [(who, client) for who, client, _ in wired.reports]


async def test_only_riders_report(wired: Wired) -> None:
    """A customer's report is forbidden."""
    async with talking(wired.url) as customer:
        await customer.ask("auth", token="customer:c1")
        refused = await customer.ask("location.report", points=[])
        assert ("error", "forbidden", False) == (refused["type"], refused["code"], refused["retry"])


async def test_pipelined_requests_wait_for_auth(wired: Wired) -> None:
    """Requests sent together with `auth`, in one frame, are answered after it in their order."""
    async with talking(wired.url) as rider:
        await rider.say(
            {"type": "auth", "id": 1, "token": "rider:r1"},
            {"type": "location.report", "id": 2, "points": [{"seq": 1, "ts": 1, "lat": 1, "lng": 1}]},
            {"type": "subscribe", "id": 3, "channel": "spot:1"},
        )
        await rider.answer(3)
        assert [1, 2, 3] == [message["re"] for message in rider.seen]


async def test_ids_must_rise(wired: Wired) -> None:
    """A request whose id does not rise is refused under that id, naming the field."""
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1")
        await rider.say({"type": "subscribe", "id": 1, "channel": "spot:1"})
        refused = await rider.answer(1)
        assert ("error", "bad_request", "id") == (refused["type"], refused["code"], refused["field"])


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        ({"type": "no.such"}, "unknown_type", "type"),
        ({"type": "subscribe"}, "bad_request", "channel"),
        ({"type": "subscribe", "channel": 5}, "bad_request", "channel"),
        ({"type": "subscribe", "channel": "spot:1", "extra": 1}, "bad_request", "extra"),
        ({"type": "location.report", "points": [{"seq": 1}]}, "bad_request", "points[0].ts"),
        ({"channel": "spot:1"}, "bad_request", "type"),
    ],
)
async def test_a_refusal_names_the_field(wired: Wired, message: dict[str, object], code: str, field: str) -> None:
    """What cannot be read is refused under its id with the path of the field at fault, and the socket lives on."""
    async with talking(wired.url, "msgpack") as rider:
        await rider.ask("auth", token="rider:r1")
        await rider.say({"id": 2} | message)
        refused = await rider.answer(2)
        assert (code, field) == (refused["code"], refused["field"])
        await rider.say({"type": "unsubscribe", "id": 3, "channel": "spot:1"})
        assert "unsubscribed" == (await rider.answer(3))["type"]


async def test_a_bad_message_in_an_array_harms_no_other(wired: Wired) -> None:
    """Each message of an array gets its own answer."""
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1")
        await rider.say(
            {"type": "subscribe", "id": 2, "channel": "spot:1"}, {"type": "nonsense", "id": 3},
            {"type": "unsubscribe", "id": 4, "channel": "spot:1"},
        )
        assert ["subscribed", "error", "unsubscribed"] == [(await rider.answer(re))["type"] for re in (2, 3, 4)]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://app.example", 101), (None, 101), ("https://evil.example", 403), ("null", 403),
        ("https://app.example.evil.example", 403), ("https://app.example:444", 403), ("http://app.example", 403),
        ("HTTPS://APP.EXAMPLE", 403),
    ],
)
async def test_only_listed_origins_are_let_in(wired: Wired, origin: str | None, status: int) -> None:
    """A browser's Origin must be on the list to the letter; who sends none is no browser."""
    seen = 101
    try:
        async with talking(wired.url, origin=origin) as peer:
            await peer.ask("auth", token="rider:r1")
    except InvalidStatus as refused:
        seen = refused.response.status_code
    assert status == seen


async def test_a_page_of_our_own_host_needs_no_list(wired: Wired) -> None:
    """The pages we serve open the socket at the host they came from, whatever that is called."""
    host = wired.url.split("/")[2]
    async with talking(wired.url, origin=f"https://{host}") as peer:
        await peer.ask("auth", token="rider:r1")


async def test_a_lost_socket_leaves_nothing(wired: Wired) -> None:
    """When a client goes, its topics, its registration and its presence go too."""
    async with talking(wired.url) as rider:
        await rider.ask("auth", token="rider:r1")
        await rider.ask("subscribe", channel="spot:1")
        assert (1, 1) == (wired.hub.topics, wired.sockets.count)
    await until(lambda: wired.sockets.count == 0)
    assert (0, ["r1"], ["spot:1"]) == (wired.hub.topics, wired.gone, wired.plain.left)
