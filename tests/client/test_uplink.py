"""A rider's uplink: what is held, what goes first, what is let go."""

import asyncio
from typing import Any

import pytest

import client.rider
from client.errors import RequestRefused
from client.reconnect import Ridewire
from client.rider import RiderUplink
from client.wire import Message
from tests.client.peer import Line, Peer, entered, example


def unconnected(**options: Any) -> RiderUplink:
    """An uplink that only holds."""
    return RiderUplink(Ridewire("ws://127.0.0.1:1", token="t"), **options)


async def acks(line: Line, **fields: object) -> list[int]:
    """Hears a report and acks all of it; returns its seqs."""
    seqs = [point["seq"] for point in (await line.hears("location.report"))["points"]]
    usual: Message = {"upto": max(seqs), "duplicates": 0, "rejected": [], "durable": "redis"}
    await line.answers("location.ack", **usual | fields)
    return seqs


def test_a_report_carries_the_newest_point_and_the_oldest_of_the_rest() -> None:
    """After an outage the map moves with the first report, and the backlog goes up in order."""
    uplink = unconnected()
    for number in range(500):
        uplink.add(41.0, -8.0, ts=number)
    assert [*range(1, 200), 500] == [point["seq"] for point in uplink.batch()]


def test_a_full_uplink_drops_its_oldest_and_says_so() -> None:
    """The bound's policy is drop-oldest, counted."""
    uplink = unconnected(capacity=3)
    for number in range(5):
        uplink.add(41.0, -8.0, ts=number)
    assert ([3, 4, 5], 2) == ([point["seq"] for point in uplink.batch()], uplink.dropped)


def test_an_ack_lets_go_of_its_points_and_of_all_up_to_upto() -> None:
    """`upto` may cover points whose own ack was lost; refused ones are counted by reason."""
    uplink = unconnected()
    for number in range(6):
        uplink.add(41.0, -8.0, ts=number)
    ack: Message = {"upto": 3, "duplicates": 1, "rejected": [{"seq": 6, "reason": "future"}]}
    uplink.settle([point for point in uplink.batch() if point["seq"] in (3, 6)], ack)
    assert [4, 5] == [point["seq"] for point in uplink.batch()]
    assert (3, 1, {"future": 1}) == (uplink.acked, uplink.duplicates, dict(uplink.rejected))
    assert 2 == (uplink.last_accepted or {})["ts"]


async def test_unacked_points_go_up_again_after_a_cut(peer: Peer) -> None:
    """Every point is acked once the line is back, with `oldest` naming the lowest one held."""
    async with entered(peer) as (session, line), RiderUplink(session) as uplink:
        uplink.add(41.0, -8.0, ts=1)
        uplink.add(41.1, -8.0, ts=2)
        heard = await line.hears("location.report")
        assert ([1, 2], 1) == ([point["seq"] for point in heard["points"]], heard["oldest"])
        line.socket.transport.abort()
        line = await peer.greets()
        _, seqs = await asyncio.gather(uplink.drained(within_s=5), acks(line, duplicates=2))
        assert ([1, 2], 2, 2) == (seqs, uplink.acked, uplink.duplicates)


async def test_reports_keep_the_interval_the_server_asks_for(peer: Peer) -> None:
    """After `next.interval_ms` of a minute the second point waits, until the ride ends."""
    async with entered(peer) as (session, line), RiderUplink(session) as uplink:
        uplink.add(41.0, -8.0, ts=1)
        await acks(line, next={"interval_ms": 60_000, "why": "parked"})
        uplink.add(41.1, -8.0, ts=2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await line.socket.recv()
        assert (60_000, "parked") == (uplink.interval_ms, uplink.why)
        _, seqs = await asyncio.gather(uplink.drained(within_s=5), acks(line))
        assert [2] == seqs


async def test_a_report_refused_for_good_is_raised(peer: Peer) -> None:
    """Nothing is refused silently."""
    async with entered(peer) as (session, line):
        uplink = await RiderUplink(session).__aenter__()
        uplink.add(200.0, -8.0, ts=1)
        await line.hears("location.report")
        await line.answers("error", code="bad_request", message="no")
        with pytest.raises(RequestRefused, match="bad_request"):
            await uplink.drained(within_s=5)


async def test_the_example_in_the_docstring_rides(peer: Peer) -> None:
    """What the documentation shows works as shown."""
    source = example(client.rider)
    assert len(source.strip().splitlines()) < 20
    names: dict[str, object] = {}
    exec(compile(source, "docstring", "exec"), names)  # noqa: S102  # our own docstring
    riding = asyncio.create_task(names["ride"](peer.url, "t", [(41.0, -8.0), (41.1, -8.1)]))  # type: ignore[operator]
    line = await peer.accepts()
    assert "phone-1" == (await line.welcomes())["client"]
    await acks(line)
    assert 2 == await riding
