"""An OpenID provider on TLS with a certificate of its own: it lets everybody in at once, and can be made to lie."""

import asyncio
import base64
import datetime
import hashlib
import ipaddress
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from infra.embedded.ports import free_port
from tests.ending import over
from tests.waiting import until

CLIENT_ID, CLIENT_SECRET = "ridewire-here", "provider-secret-with: odd/characters"
KEY, STRANGERS_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


class OpenIdProvider:
    """`person` is who signs in next; `lie` are claims put over the true ones; `signs_with` may be a stranger's key."""

    def __init__(self, issuer: str, certificate: Path) -> None:
        self.issuer, self.certificate = issuer, certificate
        self.person: dict[str, Any] = {"sub": "p1", "email": "ana@shop.example", "email_verified": True, "name": "Ana"}
        self.lie: dict[str, Any] = {}
        self.signs_with = KEY
        self.told_issuer = issuer
        self._asked: dict[str, dict[str, str]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        message = await receive()
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        form = {name: values[0] for name, values in parse_qs(message.get("body", b"").decode()).items()}
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, told, location = self._answer(scope["path"], query, form, headers)
        sent = [(b"content-type", b"application/json")] + ([(b"location", location.encode())] if location else [])
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    def _answer(
        self, path: str, query: dict[str, str], form: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], str]:
        if path == "/.well-known/openid-configuration":
            ends = {name: f"{self.issuer}/{end}" for name, end in (
                ("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "keys"))}
            return 200, {"issuer": self.told_issuer, **ends}, ""
        if path == "/keys":
            key = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(KEY.public_key()))
            return 200, {"keys": [{**key, "kid": "k1", "alg": "ES256", "use": "sig"}]}, ""
        if path == "/authorize":
            return self._authorize(query)
        return self._token(form, headers)

    def _authorize(self, asked: dict[str, str]) -> tuple[int, dict[str, Any], str]:
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        if wanted != {name: asked.get(name) for name in wanted} or "openid" not in asked["scope"].split():
            return 400, {"error": "invalid_request"}, ""
        code = secrets.token_urlsafe(16)
        self._asked[code] = asked
        return 302, {}, f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, dict[str, Any], str]:
        login = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        asked = self._asked.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if headers.get("authorization") != login:
            return 401, {"error": "invalid_client"}, ""
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}, ""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        id_token = jwt.encode(claims | self.person | self.lie, self.signs_with, "ES256", headers={"kid": "k1"})
        return 200, {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": id_token}, ""


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a provider for tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    paths = directory / "provider.pem", directory / "provider.key"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


@asynccontextmanager
async def open_id_provider(directory: Path) -> AsyncIterator[OpenIdProvider]:
    """A provider that answers until the block ends."""
    cert, key = certificate(directory)
    port = free_port()
    provider = OpenIdProvider(f"https://127.0.0.1:{port}", cert)
    server = uvicorn.Server(uvicorn.Config(
        provider, host="127.0.0.1", port=port, loop="none", ws="none", lifespan="off", log_config=None,
        ssl_certfile=str(cert), ssl_keyfile=str(key),
    ))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or running.done(), within_s=20)
        yield provider
    finally:
        server.should_exit = True
        await over(running)


def parts(address: str) -> tuple[str, dict[str, str]]:
    """Path and query of an address."""
    found = urlsplit(address)
    return found.path, {name: values[0] for name, values in parse_qs(found.query).items()}
