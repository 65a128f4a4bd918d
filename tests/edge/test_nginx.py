"""nginx.conf keeps its promises: headers on every answer, limits per real address, nothing secret in a log."""

import asyncio
import contextlib
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from infra.embedded.nginx import command, render
from infra.embedded.ports import free_port
from tests.edge.conftest import Edge, make_certificate, running_edge
from tests.waiting import SCALE, until, until_now

ALWAYS = ("x-frame-options", "x-content-type-options", "x-xss-protection", "referrer-policy", "content-security-policy")


def ask_many(edge: Edge, path: str, times: int, headers: list[dict[str, str]] | None = None) -> list[int]:
    """Statuses of many requests sent over one connection as fast as they are answered."""
    with httpx.Client() as client:
        return [
            client.get(edge.http + path, headers=headers[turn % len(headers)] if headers else None).status_code
            for turn in range(times)
        ]


def one_refused(edge: Edge, path: str) -> httpx.Response | None:
    """The first answer of a burst that the limit made, if the burst was quick enough to meet it."""
    with httpx.Client() as client:
        answers = (client.get(edge.http + path) for _ in range(20))
        return next((answer for answer in answers if answer.status_code == 429), None)


@pytest.mark.parametrize("site", ["plain", "tls"])
def test_nginx_accepts_the_configuration(site: str, tmp_path: Path) -> None:
    """`nginx -t` finds nothing wrong with either site."""
    render(tmp_path / "nginx", site, [free_port(), free_port()])
    make_certificate(tmp_path / "nginx" / "certs")
    run = subprocess.run(command(tmp_path / "nginx", "-t"), capture_output=True, text=True, timeout=20)
    assert (0, True) == (run.returncode, "syntax is ok" in run.stderr), run.stderr


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/missing", 404), ("/metrics", 404), ("/api/x", 200)])
def test_every_answer_carries_the_security_headers_once(edge: Edge, path: str, status: int) -> None:
    """No location loses an inherited header, whatever the status."""
    answer = httpx.get(edge.http + path)
    assert status == answer.status_code
    assert dict.fromkeys(ALWAYS, 1) == {name: len(answer.headers.get_list(name)) for name in ALWAYS}
    assert "nginx" == answer.headers["server"]


def test_a_page_keeps_the_policy_it_was_sent_with(edge: Edge) -> None:
    """The edge adds a policy only where the server sent none."""
    assert ["default-src 'self'"] == httpx.get(f"{edge.http}/page").headers.get_list("content-security-policy")


def test_the_api_lets_a_burst_of_twenty_pass_and_answers_429_with_headers(edge: Edge) -> None:
    """30 r/s with a burst of 20: of 60 requests at once about a third pass, and a refusal says when to come back."""
    started = time.monotonic()
    statuses = ask_many(edge, "/api/x", 60)
    most = 21 + 30 * (time.monotonic() - started) + 1
    assert 21 <= statuses.count(200) <= most
    assert {200, 429} == set(statuses)


def test_everything_else_has_a_smaller_burst(edge: Edge) -> None:
    """10 r/s with a burst of 5: of 30 requests at once about six pass."""
    started = time.monotonic()
    statuses = ask_many(edge, "/page", 30)
    most = 6 + 10 * (time.monotonic() - started) + 1
    assert 6 <= statuses.count(200) <= most
    assert {200, 429} == set(statuses)


def test_a_refusal_by_the_edge_is_a_problem_document(edge: Edge) -> None:
    """A limited client gets RFC 9457 with Retry-After and all security headers."""
    refused = until_now(lambda: one_refused(edge, "/"))
    assert (429, "application/problem+json", "1") == (
        refused.status_code, refused.headers["content-type"], refused.headers["retry-after"]
    )
    assert [] == [name for name in ALWAYS if name not in refused.headers]


def test_a_spoofed_address_neither_escapes_the_limit_nor_reaches_the_server(edge: Edge) -> None:
    """X-Forwarded-For and X-Real-IP from outside are overwritten, so each request counts for its true sender."""
    spoofed = [{"X-Forwarded-For": f"203.0.113.{turn}", "X-Real-IP": f"203.0.113.{turn}"} for turn in range(40)]
    seen = httpx.get(f"{edge.http}/api/x", headers=spoofed[7]).json()
    assert ("127.0.0.1", "127.0.0.1") == (seen["x-forwarded-for"], seen["x-real-ip"])
    assert 429 in ask_many(edge, "/", 40, spoofed)


def test_phones_behind_one_address_are_counted_one_by_one(edge: Edge) -> None:
    """A hundred phones of one network pass together; one that floods is told 503, which no app takes for a no."""
    with httpx.Client() as client:
        many = [client.get(f"{edge.http}/api/ingest/key-{number}").status_code for number in range(100)]
        loud = [client.get(f"{edge.http}/api/ingest/loud") for _ in range(120)]
    assert {200} == set(many)
    refused = [answer for answer in loud if answer.status_code != 200]
    assert ({503}, {"5"}) == ({each.status_code for each in refused}, {each.headers["retry-after"] for each in refused})


async def test_a_websocket_passes_and_plain_requests_ask_for_no_upgrade(edge: Edge) -> None:
    """The upgrade map sets `Connection: upgrade` for sockets only."""
    async with connect(edge.http.replace("http", "ws") + "/ws") as websocket:
        await websocket.send("hello")
        assert "hello" == await asyncio.wait_for(websocket.recv(), 5)
    async with httpx.AsyncClient() as client:
        seen = (await client.get(f"{edge.http}/api/x")).json()
    assert "upgrade" not in seen.get("connection", "").lower()


async def test_logs_hold_no_token_and_no_query(edge: Edge) -> None:
    """A share link's token, a device key and a query string never reach a log; /health leaves no line."""
    async with httpx.AsyncClient() as client:
        for path in ("/track/S3CRET-token", "/api/ingest/S3CRET-key?lat=1", "/api/x?token=S3CRET", "/health"):
            await client.get(edge.http + path, headers={"Referer": "http://x/track/S3CRET"})
    await until(lambda: '"/api/x"' in edge.log())
    assert ("/track/-" in edge.log(), "S3CRET" in edge.log(), '"/health"' in edge.log()) == (True, False, False)


async def test_a_dead_server_is_told_politely_and_still_without_the_token(tmp_path: Path) -> None:
    """With no instance up the edge answers 503 with Retry-After, and its error log quotes no path."""
    with running_edge(tmp_path / "nginx", "plain", [free_port()]) as edge:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{edge.http}/track/S3CRET")
        assert (503, "5", "nosniff") == (
            answer.status_code, answer.headers["retry-after"], answer.headers["x-content-type-options"]
        )
        await until(lambda: "/track/-" in edge.log())
        assert "S3CRET" not in edge.log()


def test_long_json_is_compressed(edge: Edge) -> None:
    """JSON over a kilobyte comes gzipped, much smaller, with Vary."""
    answer = httpx.get(f"{edge.http}/api/big", headers={"Accept-Encoding": "gzip"})
    sent = answer.num_bytes_downloaded
    assert ("gzip", "Accept-Encoding", True) == (
        answer.headers["content-encoding"], answer.headers["vary"], sent < len(answer.content) / 2
    )


def test_hashed_files_are_kept_for_a_year_and_missing_ones_not_at_all(edge: Edge) -> None:
    """Second request is a cache hit; a 404 is never remembered; names without a hash are left alone."""
    hashed = [httpx.get(f"{edge.http}/assets/map-0a1b2c3d4e.js") for _ in range(2)]
    assert ["MISS", "HIT"] == [answer.headers["x-cache-status"] for answer in hashed]
    assert "public, max-age=31536000, immutable" == hashed[1].headers["cache-control"]
    assert "no-store" == httpx.get(f"{edge.http}/assets/missing-0a1b2c3d4e.js").headers["cache-control"]
    assert "cache-control" not in httpx.get(f"{edge.http}/assets/page.css").headers


def test_a_body_over_ten_megabytes_is_refused(edge: Edge) -> None:
    """One byte too many is 413; just below passes."""
    sizes = [10 * 2**20 + 1, 9 * 2**20]
    assert [413, 200] == [httpx.post(f"{edge.http}/api/x", content=b"x" * size).status_code for size in sizes]


async def test_slow_clients_are_cut_within_ten_seconds_and_others_are_served(edge: Edge) -> None:
    """A hundred that send half a header or half a body, drop by drop, lose their connections; others notice nothing."""
    host, port = edge.http.removeprefix("http://").split(":")
    head, body = b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(100)]
        for number, each in enumerate(slow):
            each.sendall(body if number % 10 == 0 else head)
            each.setblocking(False)
        async with httpx.AsyncClient() as client:
            started = time.monotonic()
            assert 200 == (await client.get(f"{edge.http}/health")).status_code
            assert time.monotonic() - started < SCALE
        async with asyncio.timeout(10 * SCALE):
            await asyncio.gather(*(_read_to_end(loop, each) for each in slow))


def test_the_configuration_nginx_really_runs_is_sized_for_sockets(edge: Edge) -> None:
    """`nginx -T`: a process a core, two connections a socket, keep-alive, and sockets that may be silent for 300 s."""
    run = subprocess.run(command(edge.directory, "-T"), capture_output=True, text=True, timeout=20)
    for line in (
        "worker_processes auto;", "worker_connections 16384;", "keepalive_timeout 65s;", "proxy_read_timeout 300s;",
        "client_max_body_size 10M;", "least_conn;", "max_fails=3 fail_timeout=30s;", "gzip_comp_level 6;",
    ):
        assert line in run.stdout, line


async def _read_to_end(loop: asyncio.AbstractEventLoop, slow: socket.socket) -> bytes:
    """Everything that was sent before the end; a reset counts as an end."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while part := await loop.sock_recv(slow, 1024):
            said += part
    return said
