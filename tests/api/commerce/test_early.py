"""Public answers that leave before ASGI: both ways say the same, in the same order, to every kind of reader."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httptools
import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.cache import local
from api.cache.early import asked_of
from api.cache.front import Front
from api.catalog.product import Product
from api.catalog.store import to_document
from infra.clients import Database
from infra.settings import Settings
from tests.api.commerce.ways import Slow, Ways, address, ask, read
from tests.api.programs import Program
from tests.api.serving import serving, token
from tests.api.test_processes import serve
from tests.waiting import SCALE, until

LIMIT = 5
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MANGO = Product(
    id="p1mango", vendor="v1", name="Mango, ripe", category="fruit", price=1250, currency="PHP", stock=10,
    created_at=NOON, updated_at=NOON,
)
PLAIN = "GET {product} HTTP/1.1\r\nHost: t\r\nX-Request-ID: edge-0123456789\r\n{more}\r\n"
AUTHORIZED = f"Authorization: Bearer {token('customer', 'c1')}\r\n"
# Headers of a plain GET of a product that is kept, and whether they leave it one to be answered early.
HEADERS = {
    "nothing more": ("", True),
    "a trace": ("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n", True),
    "its ETag": ("If-None-Match: {etag}\r\n", True),
    "its ETag, weak, among others": ('If-None-Match: "x", W/{etag}\r\n', True),
    "any ETag": ("If-None-Match: *\r\n", True),
    "another ETag": ('If-None-Match: "x"\r\n', True),
    "a site that may ask": ("Origin: https://shop.example\r\n", True),
    "a site that may ask and knows it": ("Origin: https://shop.example\r\nIf-None-Match: {etag}\r\n", True),
    "a site that may not": ("Origin: https://other.example\r\n", True),
    "two ETags in two lines": ('If-None-Match: {etag}\r\nIf-None-Match: "x"\r\n', True),
    "a cookie": ("Cookie: __Host-ridewire=x\r\n", True),
    "a proxy": ("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n", True),
    "keep alive, said": ("Connection: keep-alive\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\n", True),
    "a token": (AUTHORIZED, False),
    "a token that is none": ("Authorization: Bearer x\r\n", False),
    "the end of the connection": ("Connection: close\r\n", False),
    "a body of nothing": ("Content-Length: 0\r\n", False),
    "an expectation": ("Expect: 100-continue\r\n", False),
    "another protocol": ("Upgrade: h2c\r\nConnection: Upgrade\r\n", False),
}
# Whole requests.
REQUESTS = {
    "a list": ("GET /api/products HTTP/1.1\r\nHost: t\r\n\r\n", True),
    "a list with a question": ("GET /api/products?category=fruit&vendor=v1 HTTP/1.1\r\nHost: t\r\n\r\n", True),
    "an address that ends in a question mark": ("GET /api/products? HTTP/1.1\r\nHost: t\r\n\r\n", True),
    "what is left": ("GET {product}/inventory HTTP/1.1\r\nHost: t\r\n\r\n", True),
    "stores": ("GET /api/stores HTTP/1.1\r\nHost: t\r\n\r\n", True),
    "a forged name": ("GET {product} HTTP/1.1\r\nHost: t\r\nX-Request-ID: x y\r\n\r\n", True),
    "HEAD": ("HEAD {product} HTTP/1.1\r\nHost: t\r\n\r\n", False),
    "HEAD of what is known": ("HEAD {product} HTTP/1.1\r\nHost: t\r\nIf-None-Match: {etag}\r\n\r\n", False),
    "HTTP/1.0": ("GET {product} HTTP/1.0\r\nHost: t\r\n\r\n", False),
    "HTTP/1.0 kept alive": ("GET {product} HTTP/1.0\r\nHost: t\r\nConnection: keep-alive\r\n\r\n", False),
    "an escape": ("GET /api/%70roducts HTTP/1.1\r\nHost: t\r\n\r\n", False),
    "an escaped question": ("GET /api/products?category=fr%75it&vendor=v1 HTTP/1.1\r\nHost: t\r\n\r\n", True),
    "a whole address": ("GET http://t{product} HTTP/1.1\r\nHost: t\r\n\r\n", False),
    "no such product": ("GET /api/products/p0 HTTP/1.1\r\nHost: t\r\n\r\n", False),
    "an unknown question": ("GET /api/products?x=1 HTTP/1.1\r\nHost: t\r\n\r\n", False),
    "a body": ("GET {product} HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{{}}", False),
    "a body in pieces": ("GET {product} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
    "another method": ("POST /api/products HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", False),
    "a browser's question first": (
        "OPTIONS {product} HTTP/1.1\r\nHost: t\r\nOrigin: https://shop.example\r\n"
        "Access-Control-Request-Method: GET\r\n\r\n", False,
    ),
    "something personal": ("GET /api/cart HTTP/1.1\r\nHost: t\r\n\r\n", False),
    "no HTTP": ("GET {product} HTTP/1.1\r\nHost\r\n\r\n", False),
}
ASKED = {name: (PLAIN.replace("{more}", more), early) for name, (more, early) in HEADERS.items()} | REQUESTS


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A limit that is soon reached."""
    return msgspec.structs.replace(settings, rate_limit_per_minute=LIMIT)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process keeps its answers for as long as the test needs, however slow the machine is."""
    monkeypatch.setattr(local, "LIFE_S", 3600.0)


@pytest.fixture
async def ways(
    settings: Settings, database: Database, kept: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ways]:
    """Both ways, on a catalog that was written before they began: no news of it is still to come."""
    await database.products.insert_one(to_document(MANGO))
    async with AsyncExitStack() as stack:
        early = await stack.enter_async_context(serving(settings))
        monkeypatch.setattr("api.app.make_http_class", lambda front: "httptools")
        ways = Ways(early, await stack.enter_async_context(serving(settings)), f"/api/products/{MANGO.id}")
        through = Front.__call__

        async def noted(front: Front, scope: Any, receive: Any, send: Any) -> None:
            if front is early.app.front:
                ways.through.append(scope["path"])
            await through(front, scope, receive, send)

        monkeypatch.setattr(Front, "__call__", noted)
        yield ways


async def test_both_ways_say_the_same(ways: Ways) -> None:
    """Status, every header in its order, and body; and what is not certain goes through the application."""
    wrong = {}
    for name, (asked, is_early) in ASKED.items():
        said, told, was_early = await ways.both(asked)
        if said != told or was_early != is_early:
            wrong[name] = (said, told, was_early)
    assert {} == wrong


async def test_the_early_answer_is_counted_as_a_hit(ways: Ways) -> None:
    """As the other way counts it, request for request."""
    await ways.warm()
    asked, seen = f"GET {ways.path} HTTP/1.1\r\nHost: t\r\n\r\n".encode(), []
    for each in (ways.early, ways.plain):
        counted = each.app.world.market.cache.outcomes
        before = (counted["hit"], each.server.server_state.total_requests)
        for _ in range(3):
            await ask(each, asked)
        seen.append((counted["hit"] - before[0], each.server.server_state.total_requests - before[1]))
    assert [(3, 3), (3, 3)] == seen


async def test_one_too_many_is_refused_alike(ways: Ways) -> None:
    """What has a limit never passes here: 429 says the same both ways."""
    refused = []
    for sub, each in (("c1", ways.early), ("c2", ways.plain)):
        raw = f"GET /api/cart HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token('customer', sub)}\r\n\r\n".encode()
        answers = [await ask(each, raw) for _ in range(LIMIT + 1)]
        refused.append([(said.status, [name for name, _ in said.headers]) for said in answers])
    assert refused[0] == refused[1]
    assert ("HTTP/1.1 429 Too Many Requests", True) == (refused[0][-1][0], "ratelimit-limit" in refused[0][-1][1])


async def test_answers_come_in_the_order_of_the_questions(ways: Ways) -> None:
    """Of requests in one piece the first may be answered early; the others wait for their turn."""
    await ways.warm()
    kept = f"GET {ways.path} HTTP/1.1\r\nHost: t\r\nX-Request-ID: question-%02d\r\n\r\n"
    missing = "GET /api/products/p0 HTTP/1.1\r\nHost: t\r\nX-Request-ID: question-%02d\r\n\r\n"
    raw = "".join((missing if number % 7 == 3 else kept) % number for number in range(60)).encode()
    heard = []
    for each in (ways.early, ways.plain):
        reader, writer = await asyncio.open_connection(*address(each))
        writer.write(raw)
        heard.append([await asyncio.wait_for(read(reader), 20 * SCALE) for _ in range(60)])
        writer.close()
    assert heard[0] == heard[1]
    names = [dict(said.headers)["x-request-id"] for said in heard[0]]
    assert [f"question-{number:02d}" for number in range(60)] == names


async def test_a_request_in_two_pieces_is_answered_once(ways: Ways) -> None:
    """Wherever it is cut, also within the head, and with the next one behind it."""
    await ways.warm()
    raw = f"GET {ways.path} HTTP/1.1\r\nHost: t\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection(*address(ways.early))
    whole = [await ask(ways.early, raw)]
    for cut in (1, 20, len(raw) - 3, len(raw) - 1, len(raw)):
        writer.write(raw[:cut])
        await writer.drain()
        await ask(ways.early, raw)  # the server has turned meanwhile
        writer.write(raw[cut:] + raw)
        whole += [await asyncio.wait_for(read(reader), 20 * SCALE) for _ in range(2 if cut < len(raw) else 1)]
        if cut == len(raw):
            whole.append(await asyncio.wait_for(read(reader), 20 * SCALE))
    writer.close()
    assert [whole[0]] * 11 == whole


async def test_a_slow_reader_is_waited_for_and_gets_everything(ways: Ways) -> None:
    """While it does not read, its next request waits in the application; nothing is lost or written twice."""
    await ways.warm()
    slow = Slow(ways.early, ways.path)
    await slow.connect()
    await slow.ask_until_held_up()
    ways.through.clear()
    await asyncio.get_running_loop().sock_sendall(slow.socket, slow.raw)
    await until(lambda: ways.through)
    whole = await ask(ways.early, slow.raw)
    reader, writer = await slow.reader()
    heard = [await asyncio.wait_for(read(reader), 20 * SCALE) for _ in range(slow.asked + 1)]
    assert [whole] * (slow.asked + 1) == heard
    writer.close()


async def test_an_answer_under_way_is_whole_when_the_server_ends(ways: Ways) -> None:
    """SIGTERM: what was answered before it is read to its end, then the connection closes."""
    await ways.warm()
    whole = await ask(ways.early, f"GET {ways.path} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
    slow = Slow(ways.early, ways.path)
    await slow.connect()
    await slow.ask_until_held_up()
    side = slow.held()
    ways.early.server.should_exit = True
    await until(side.transport.is_closing)
    reader, writer = await slow.reader()
    assert [whole] * slow.asked == [await asyncio.wait_for(read(reader), 20 * SCALE) for _ in range(slow.asked)]
    assert b"" == await asyncio.wait_for(reader.read(), 20 * SCALE)
    writer.close()


async def test_both_ways_leave_the_same_line_in_the_log(
    programs: list[Program], env: dict[str, str], tmp_path: Path
) -> None:
    """At LOG_LEVEL=debug: name, trace, method, path, status and time."""
    program, url = await serve(programs, tmp_path / "log", env | {"LOG_LEVEL": "debug"})
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    async with httpx.AsyncClient(base_url=url) as http:
        for number in range(4):  # the first from MongoDB, the next from memory
            await http.get("/api/stores", headers={**trace, "X-Request-ID": f"early-{number:04d}"})
        await http.head("/api/stores", headers={**trace, "X-Request-ID": "plain-0000"})
    program.child.send_signal(signal.SIGTERM)
    await program.ended()
    lines = [json.loads(line) for line in program.said().splitlines() if '"answered"' in line and "4bf92f35" in line]
    assert [f"early-{number:04d}" for number in range(4)] + ["plain-0000"] == [line["request_id"] for line in lines]
    varied = {"request_id", "ms", "timestamp", "method"}
    alike = [{name: "…" if name in varied else said for name, said in line.items()} for line in lines]
    assert [alike[0]] * 5 == alike


SIGNS = "abAB09/?&=%;:@,+$!'()*~._-|#[]\\^`\"<>{}\u00e9"  # all but the space, with which a target ends


@given(some.text(SIGNS, max_size=30))
def test_a_target_means_what_uvicorn_takes_it_for(rest: str) -> None:
    """Path and query as httptools cuts them; what it would refuse or decode is left to it."""
    target = ("/api/products" + rest).encode("latin-1")
    asked = asked_of(target)
    if asked is None:
        return
    try:
        cut = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        with pytest.raises(httptools.HttpParserError):  # such a request does not get so far
            httptools.HttpRequestParser(None).feed_data(b"GET " + target + b" HTTP/1.1\r\n\r\n")
        return
    assert (cut.path.decode("ascii"), cut.query or b"") == asked
