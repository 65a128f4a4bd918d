"""Readers that stop or fall behind: they are gone in time, cost little memory and delay nobody else."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec
import pytest

from api.socket.connection import HIGH_WATER_BYTES
from api.socket.limits import Limits
from api.socket.peer import Patience
from live.push import Push
from tests.api.socket.conftest import Wired
from tests.api.socket.talk import talking
from tests.waiting import until


@pytest.fixture
def patience() -> Patience:
    """The same rules, in a hurry."""
    return Patience(ping_every_s=0.4, pong_within_s=0.8, stall_s=0.6, stall_look_s=0.2, close_stalled_within_s=0.2)


@pytest.fixture
def limits() -> Limits:
    """Enough for many requests."""
    return Limits()


def masked(payload: bytes, opcode: int = 1) -> bytes:
    """A client's frame with a mask of zeros."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes((0x80 | opcode,)) + length + b"\0\0\0\0" + payload


@asynccontextmanager
async def stopped_reader(wired: Wired, channel: str) -> AsyncIterator[socket.socket]:
    """A client that subscribes with a tiny receive buffer and then never reads again."""
    at = urlsplit(wired.url)
    loop = asyncio.get_running_loop()
    request = (
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    hello = [
        {"type": "auth", "id": 1, "token": "customer:slow"}, {"type": "subscribe", "id": 2, "channel": channel},
    ]
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await loop.sock_connect(raw, (at.hostname, at.port))
        await loop.sock_sendall(raw, request.encode())
        await until(lambda: wired.sockets.count)
        await loop.sock_sendall(raw, masked(msgspec.json.encode(hello)))
        await until(lambda: wired.hub.watchers(channel))
        yield raw


def push_positions(wired: Wired, channel: str, count: int, first: int = 0) -> None:
    """Many riders' positions, about 200 bytes each."""
    for number in range(first, first + count):
        push = Push({"type": "position", "rider": f"r{number % 500}", "note": "x" * 150, "ts": number})
        wired.hub.latest(channel, f"r{number % 500}", number, push)


async def push_until_behind(wired: Wired, channel: str) -> None:
    """Push until some reader's kernel and transport buffers are full."""
    sent = 0

    def is_behind() -> bool:
        nonlocal sent
        push_positions(wired, channel, 500, sent)
        sent += 500
        return any(connection._paused for connection in wired.engine.connections)

    await until(is_behind, every_s=0)


async def test_a_reader_that_stops_is_gone_in_time(wired: Wired) -> None:
    """No progress for the stall time ends the socket as a slow reader."""
    async with stopped_reader(wired, "spot:1"):
        await push_until_behind(wired, "spot:1")
        await until(lambda: wired.sockets.count == 0, within_s=5)
    assert {4003: 1} == wired.meters.closes


async def test_a_stopped_reader_costs_bounded_memory(wired: Wired) -> None:
    """However much is pushed, at most the high-water mark, one frame and one value a rider wait."""
    async with stopped_reader(wired, "spot:1"):
        await push_until_behind(wired, "spot:1")
        connection = next(iter(wired.engine.connections))
        merged = wired.meters.latest_merged
        push_positions(wired, "spot:1", 50_000, 1_000_000)
        session = next(iter(wired.sockets._sessions))
        assert len(session.outbox._latest or ()) <= 500
        assert connection.transport.underlying_transport.get_write_buffer_size() <= 3 * HIGH_WATER_BYTES
        assert wired.meters.latest_merged >= merged + 49_000


async def test_pings_of_a_reader_that_stopped_do_not_pile_up(wired: Wired) -> None:
    """While it does not read only the newest of its pings is remembered."""
    async with stopped_reader(wired, "spot:1") as raw:
        await push_until_behind(wired, "spot:1")
        connection = next(iter(wired.engine.connections))
        before = connection.transport.underlying_transport.get_write_buffer_size()
        heard = wired.meters.frames_in
        await asyncio.get_running_loop().sock_sendall(raw, masked(b"x" * 100, opcode=9) * 100)
        await until(lambda: wired.meters.frames_in >= heard + 100)
        assert connection.transport.underlying_transport.get_write_buffer_size() <= before


async def test_one_slow_reader_delays_no_other(wired: Wired) -> None:
    """Beside a reader that stopped, another gets every item of its log and its newest value."""
    async with stopped_reader(wired, "spot:1"), talking(wired.url) as good:
        await good.ask("auth", token="customer:good")
        await good.ask("subscribe", channel="spot:1")
        await push_until_behind(wired, "spot:1")
        wired.hub.latest("spot:1", "last", 1, Push({"type": "last"}))
        assert "spot:1" == (await good.next("last"))["channel"]


async def test_an_overflowing_log_ends_the_socket_at_once(wired: Wired) -> None:
    """A log over its bound is never cut: the reader is sent away to recover."""
    async with stopped_reader(wired, "spot:1"):
        await push_until_behind(wired, "spot:1")
        for offset in range(1, 1200):
            wired.hub.log("spot:1", offset, Push({"type": "line", "offset": offset}))
        await until(lambda: wired.sockets.count == 0, within_s=5)
    assert {4003: 1} == wired.meters.closes


async def test_who_does_not_answer_a_ping_is_gone(wired: Wired) -> None:
    """A client that is silent through a ping and its grace is closed 4005."""
    async with stopped_reader(wired, "spot:1"):
        await until(lambda: wired.sockets.count == 0, within_s=5)
    assert {4005: 1} == wired.meters.closes


async def test_any_frame_counts_as_life(wired: Wired) -> None:
    """A client that answers pings, or only talks, stays."""
    async with talking(wired.url) as answering:
        await answering.ask("auth", token="customer:good")
        beats = wired.meters.frames_in
        listening = asyncio.create_task(answering.closed())
        await until(lambda: wired.meters.frames_in >= beats + 4, within_s=10)
        assert not listening.done()
        listening.cancel()
    assert 4005 not in wired.meters.closes


async def test_a_broken_message_for_one_socket_harms_no_other(wired: Wired) -> None:
    """A push that cannot be encoded ends nobody's turn but its own."""
    async with talking(wired.url) as one, talking(wired.url) as two:
        for peer in (one, two):
            await peer.ask("auth", token="customer:c" + os.urandom(2).hex())
        await one.ask("subscribe", channel="spot:1")
        wired.hub.latest("spot:1", "r1", 1, Push({"type": "position", "lat": object()}))
        assert 4006 == (await one.closed())[0]
        assert "unsubscribed" == (await two.ask("unsubscribe", channel="spot:1"))["type"]
