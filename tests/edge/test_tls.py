"""nginx/tls.conf: modern TLS only, HTTP/2 for pages, sockets over 1.1, and everything else sent to https."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from websockets.asyncio.client import connect

from infra.embedded.nginx import command
from tests.edge.conftest import ROOT, Edge, make_certificate, running_edge
from tests.waiting import until


@pytest.fixture
def tls(tmp_path: Path, echo: int) -> Iterator[Edge]:
    """nginx ending TLS with a certificate signed by itself."""
    make_certificate(tmp_path / "nginx" / "certs")
    with running_edge(tmp_path / "nginx", "tls", [echo]) as running:
        yield running


def trusting(edge: Edge) -> ssl.SSLContext:
    """A client that knows the certificate."""
    return ssl.create_default_context(cafile=str(edge.directory / "certs" / "fullchain.pem"))


async def handshake(edge: Edge, context: ssl.SSLContext, protocols: list[str]) -> tuple[str | None, str | None]:
    """TLS version and application protocol that a client ends up with."""
    context.set_alpn_protocols(protocols)
    _, writer = await asyncio.open_connection("127.0.0.1", edge.https_port, ssl=context, server_hostname="localhost")
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    found = tls.version(), tls.selected_alpn_protocol()
    writer.close()
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()
    return found


async def test_tls_is_modern_and_http_2_is_offered(tls: Edge) -> None:
    """A current browser gets TLS 1.3 and HTTP/2; a socket may still ask for 1.1."""
    assert ("TLSv1.3", "h2") == await handshake(tls, trusting(tls), ["h2", "http/1.1"])
    assert ("TLSv1.3", "http/1.1") == await handshake(tls, trusting(tls), ["http/1.1"])


async def test_tls_1_1_is_refused(tls: Edge) -> None:
    """A client that can do no better than TLS 1.1 gets no connection."""
    old = trusting(tls)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await handshake(tls, old, ["http/1.1"])


def test_plain_http_is_sent_to_https_except_for_health(tls: Edge) -> None:
    """301 to the same path and query; a load balancer may still ask for /health."""
    moved = httpx.get(f"{tls.http}/track/abc?x=1", headers={"Host": "ride.example"})
    assert (301, "https://ride.example/track/abc?x=1") == (moved.status_code, moved.headers["location"])
    assert 200 == httpx.get(f"{tls.http}/health").status_code


def test_a_certificate_authority_finds_its_challenge_over_plain_http(tls: Edge) -> None:
    """What an ACME client writes below /var/www/acme is served, and nothing is redirected away from it."""
    challenges = tls.directory / "acme" / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "token").write_text("proof")
    found = httpx.get(f"{tls.http}/.well-known/acme-challenge/token")
    assert (200, "proof") == (found.status_code, found.text)


def test_the_script_makes_a_certificate_that_nginx_could_use_and_keeps_it(tmp_path: Path) -> None:
    """A key only its owner reads, a certificate for the name, and no second one over the first."""
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script" / "certificate", tmp_path / "script")
    run = [str(tmp_path / "script" / "certificate"), "ride.example"]
    said = [subprocess.run(run, check=True, capture_output=True, text=True, timeout=30).stdout for _ in range(2)]
    key, chain = tmp_path / "certs" / "privkey.pem", tmp_path / "certs" / "fullchain.pem"
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    assert (0o600, True, True) == (key.stat().st_mode & 0o777, "made" in said[0], "nothing was made" in said[1])


async def test_https_answers_with_hsts_and_carries_sockets(tls: Edge) -> None:
    """Strict transport security is announced over TLS, and wss works."""
    async with httpx.AsyncClient(verify=trusting(tls)) as client:
        answer = await client.get(f"https://localhost:{tls.https_port}/api/x")
    assert (200, "https") == (answer.status_code, answer.json()["x-forwarded-proto"])
    assert "max-age=31536000; includeSubDomains" == answer.headers["strict-transport-security"]
    async with connect(f"wss://localhost:{tls.https_port}/ws", ssl=trusting(tls)) as websocket:
        await websocket.send("hello")
        assert "hello" == await asyncio.wait_for(websocket.recv(), 5)


def expired(directory: Path) -> None:
    """Make the certificate one that ended yesterday."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(),
                                   now - timedelta(days=90), now - timedelta(days=1)).sign(key, hashes.SHA256())
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (directory / "privkey.pem").write_bytes(key.private_bytes(*forms))
    (directory / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


async def test_an_expired_certificate_is_replaced_without_a_restart(tls: Edge) -> None:
    """nginx goes on serving it and every client says no; new files and a reload, and they say yes."""
    certificates = tls.directory / "certs"
    expired(certificates)
    reload = command(tls.directory, "-s", "reload")
    await asyncio.to_thread(subprocess.run, reload, check=True, capture_output=True, timeout=20)

    async def verdict() -> str:
        try:
            await handshake(tls, trusting(tls), ["http/1.1"])
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        return "good"

    await until(lambda: _is(verdict, "certificate has expired"))
    make_certificate(certificates)
    await asyncio.to_thread(subprocess.run, reload, check=True, capture_output=True, timeout=20)
    await until(lambda: _is(verdict, "good"))


async def _is(look: Callable[[], Awaitable[str]], wanted: str) -> bool:
    return await look() == wanted
