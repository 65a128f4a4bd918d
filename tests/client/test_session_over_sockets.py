"""A session over many sockets, against a peer whose every move the test makes."""

import asyncio

import pytest

import client.reconnect
from client.connection import Connection
from client.errors import ConnectionLost, GaveUp, RequestRefused
from client.reconnect import Ridewire
from client.watcher import Watcher
from client.wire import Encoding, Message
from tests.client.peer import Peer, entered, example, order_item


def on_o1(offset: int) -> Message:
    """A pushed log item."""
    return {**order_item(offset), "channel": "order:o1"}


@pytest.mark.parametrize("encoding", Encoding)
async def test_a_request_gets_its_own_answer(peer: Peer, encoding: Encoding) -> None:
    """Answers come in any order and find whoever asked; the rest are pushes."""

    async def play() -> None:
        line = await peer.greets()
        first, second = await line.hears("one"), await line.hears("two")
        push = {"type": "presence", "n": 0}
        await line.says({"type": "ok", "re": second["id"], "n": 2}, push, {"type": "ok", "re": first["id"], "n": 1})

    async with asyncio.TaskGroup() as both:
        both.create_task(play())
        async with Connection.open(peer.url, token="t", encoding=encoding) as connection:
            answers = await asyncio.gather(connection.request({"type": "one"}), connection.request({"type": "two"}))
            assert [1, 2] == [answer["n"] for answer in answers]
            assert {"type": "presence", "n": 0} == await connection.pushes.get()


async def test_an_error_answer_is_raised_with_its_fields(peer: Peer) -> None:
    """The caller learns the code, the field and whether to try again."""

    async def play() -> None:
        line = await peer.greets()
        await line.hears("subscribe")
        await line.answers("error", code="forbidden", message="not your order", retry=False, field="channel")

    async with asyncio.TaskGroup() as both:
        both.create_task(play())
        async with Ridewire.connect(peer.url, token="t") as session:
            with pytest.raises(RequestRefused, match=r"forbidden: not your order \(field channel\)") as caught:
                await session.subscribe("order:o2")
            assert ("forbidden", "channel", False) == (caught.value.code, caught.value.field, caught.value.retry)


async def test_after_a_cut_it_recovers_from_where_it_stood(peer: Peer) -> None:
    """The second socket asks from the last offset seen; items come once each, in order."""
    async with entered(peer) as (session, line):
        await asyncio.gather(session.subscribe("order:o1"), line.joins("e", 2, [1, 2]))
        await line.says(on_o1(3))
        assert 3 == (await session.inbox.get())["offset"]
        line.socket.transport.abort()
        line = await peer.greets()
        assert {"epoch": "e", "offset": 3} == (await line.joins("e", 5, [4, 5], recovered=True))["recover"]
        await line.says(on_o1(5), on_o1(6))
        told = [await session.inbox.get() for _ in range(4)]
        assert ["subscribed", "order", "order", "order"] == [push["type"] for push in told]
        assert [4, 5, 6] == [push["offset"] for push in told[1:]]
        assert 2 == session.connections


async def test_a_hole_on_a_live_socket_is_mended_by_coming_back(peer: Peer) -> None:
    """An item after a missing one is not shown before it."""
    async with entered(peer) as (session, line):
        await asyncio.gather(session.subscribe("order:o1"), line.joins("e", 1, [1]))
        await line.says(on_o1(3))
        line = await peer.greets()
        assert {"epoch": "e", "offset": 1} == (await line.joins("e", 3, [2, 3], recovered=True))["recover"]
        told = [await session.inbox.get() for _ in range(3)]
        assert [2, 3] == [push["offset"] for push in told[1:]]


async def test_a_right_lost_while_away_is_told(peer: Peer) -> None:
    """A refused re-subscription ends that channel only."""
    async with entered(peer) as (session, line):
        await asyncio.gather(session.subscribe("order:o1"), line.joins("e", 0, []))
        line.socket.transport.abort()
        line = await peer.greets()
        await line.hears("subscribe")
        await line.answers("error", code="forbidden", message="delivered")
        told = await session.inbox.get()
        assert ("unsubscribed", "order:o1", "forbidden") == (told["type"], told["channel"], told["code"])
        await session.connected()


async def test_it_waits_as_bye_says_and_not_after_4500(peer: Peer) -> None:
    """`bye` brings a session back; a close from 4500 on ends it with the reason."""
    async with entered(peer) as (session, line):
        await line.says({"type": "bye", "code": 4001, "reason": "shutdown", "retry": True, "after_ms": [1, 2]})
        await line.closes(4001, "shutdown")
        line = await peer.greets()
        await line.closes(4501, "revoked")
        with pytest.raises(GaveUp, match="close code 4501: revoked"):
            await session.inbox.wait_for(lambda push: False)
        assert not session.is_connected


async def test_a_report_is_asked_again_until_it_is_acked(peer: Peer) -> None:
    """A cut between report and ack, and a server that is not ready, are no business of the caller."""
    async with entered(peer) as (session, line):
        points = [{"seq": 1, "ts": 1, "lat": 41.0, "lng": -8.0}]
        reporting = asyncio.create_task(session.report(points, oldest=1))
        assert points == (await line.hears("location.report"))["points"]
        line.socket.transport.abort()
        line = await peer.greets()
        await line.hears("location.report")
        await line.answers("error", code="unavailable", message="no store", retry=True, after_ms=1)
        await line.hears("location.report")
        await line.answers("location.ack", upto=1, duplicates=1, rejected=[])
        assert 1 == (await reporting)["upto"]


async def test_requests_in_flight_fail_when_the_line_ends(peer: Peer) -> None:
    """Nobody waits for an answer that cannot come."""
    async with entered(peer) as (session, line):
        asking = asyncio.create_task(session.request({"type": "history"}))
        await line.hears("history")
        line.socket.transport.abort()
        with pytest.raises(ConnectionLost):
            await asking


async def test_a_session_with_a_token_source_renews_in_time(peer: Peer) -> None:
    """The token is renewed before it expires, with a fresh one each time."""
    tokens = iter(["first", "second", "third"])

    async def fresh() -> str:
        return next(tokens)

    async with asyncio.TaskGroup() as both:
        waiting = both.create_task(peer.accepts())
        session = Ridewire(peer.url, token=fresh)
        opening = both.create_task(session.__aenter__())
        line = await waiting
        assert "first" == (await line.welcomes(token_ttl=31))["token"]
        await opening
        assert "second" == (await line.hears("auth.renew"))["token"]
        await line.answers("welcome", sub="r1", token_ttl=900)
        await session.close()


async def test_a_watcher_shows_one_picture_across_sockets(peer: Peer) -> None:
    """State and pushes of both sockets make one view."""
    async with entered(peer) as (session, line):
        watcher = Watcher(session, "order:o1")
        await asyncio.gather(watcher.start(), line.joins("e", 1, [1]))
        await line.says({"type": "position", "channel": "order:o1", "rider": "r1", "lat": 1.0, "lng": 2.0, "ts": 5})
        await watcher.until(lambda view: "r1" in view.positions)
        line.socket.transport.abort()
        line = await peer.greets()
        await line.joins("e", 3, [2, 3], recovered=True)
        view = await watcher.until(lambda view: view.offset == 3)
        assert [1, 2, 3] == [item["offset"] for item in view.items]
        assert (True, {}) == (view.is_whole, view.positions)


async def test_debug_logs_frames_without_tokens(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    """The switch shows what is said, but no secret."""
    caplog.set_level("INFO", "ridewire.client")
    async with asyncio.TaskGroup() as both:
        both.create_task(peer.greets())
        async with Connection.open(peer.url, token="hush-hush", debug=True):
            pass
    assert "'type': 'auth', 'token': '…'" in caplog.text
    assert "hush-hush" not in caplog.text


async def test_the_example_in_the_docstring_follows_an_order(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    """What the documentation shows works as shown."""
    source = example(client.reconnect)
    assert len(source.strip().splitlines()) < 20
    names: dict[str, object] = {}
    exec(compile(source, "docstring", "exec"), names)  # noqa: S102  # our own docstring
    following = asyncio.create_task(names["follow"](peer.url, "t", "o1"))  # type: ignore[operator]
    line = await peer.greets()
    await line.joins("e", 1, [1])
    await line.says({"type": "position", "channel": "order:o1", "rider": "r1", "lat": 41.1, "lng": -8.6, "ts": 5})
    await line.says({**on_o1(2), "status": "delivered"})
    await following
    assert "so far ['accepted']\nrider at 41.1 -8.6\nit is there\n" == capsys.readouterr().out
