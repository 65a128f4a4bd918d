"""The outside, on this machine: HTTP servers that answer, fail, hang and redirect; a push service; a mail server."""

import asyncio
import base64
import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any, NamedTuple

import jwt
import msgspec
from aiosmtpd.smtp import SMTP, Envelope
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HANG = 0  # a status that never comes
Response = int | tuple[int, dict[str, str]]
Respond = Callable[["Asked"], Response | Awaitable[Response]]


class Asked(NamedTuple):
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpServer:
    """A real HTTP server. `respond` chooses what a request gets; `connections` counts whoever connected at all."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.asked: list[Asked] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            pairs = (line.partition(":") for line in head[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, path, headers, body)
            self.asked.append(asked)
            said = self.respond(asked)
            answer = await said if isinstance(said, Awaitable) else said
            status, more = answer if isinstance(answer, tuple) else (answer, {})
            if status == HANG:
                await reader.read()
                return
            fields = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(f"HTTP/1.1 {status} Said\r\n{fields}Content-Length: 2\r\nConnection: close\r\n\r\nok".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def http_server(respond: Respond, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[HttpServer]:
    """A server that answers like this until the block ends."""
    server = HttpServer(respond)
    listening = await asyncio.start_server(server.serve, host, port)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


class Browser:
    """A browser's half of Web Push: it makes keys, and can read what was encrypted with them."""

    def __init__(self) -> None:
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` has it."""
        return {"endpoint": endpoint, "expirationTime": None,
                "keys": {"p256dh": unpadded(self.public), "auth": unpadded(self._auth)}}

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt as RFC 8291 and RFC 8188 say, with nothing of what encrypted it."""
        salt, sender = body[:16], body[21 : 21 + body[20]]
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._key.exchange(ec.ECDH(), other)
        secret = derive(self._auth, shared, b"WebPush: info\x00" + self.public + sender, 32)
        key = derive(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = derive(salt, secret, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, body[21 + body[20] :], None)
        assert plain.rstrip(b"\x00").endswith(b"\x02")
        return dict(msgspec.json.decode(plain.rstrip(b"\x00")[:-1]))


def derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256, for at most 32 bytes."""
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()[:length]


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def padded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class PushService:
    """Checks who sends, by VAPID, and keeps what it got for each browser: the newest of a topic, and all that came."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Asked] = {}
        self.came: list[Asked] = []
        self.answers: list[int] = []  # statuses to give before 201
        self.url = ""

    def respond(self, asked: Asked) -> int:
        if self.answers:
            return self.answers.pop(0)
        scheme, _, rest = asked.headers["authorization"].partition(" ")
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), padded(fields["k"]))
        claims = jwt.decode(fields["t"], key, algorithms=["ES256"], audience=self.url)
        if scheme != "vapid" or not claims["sub"].startswith(("mailto:", "https:")) or "exp" not in claims:
            return 403
        if asked.headers.get("content-encoding") != "aes128gcm" or not asked.headers.get("ttl", "").isdigit():
            return 400
        self.came.append(asked)
        self.kept[asked.path, asked.headers.get("topic", str(len(self.came)))] = asked
        return 201


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """A push service that reads nothing and believes nobody."""
    service = PushService()
    async with http_server(service.respond) as server:
        service.url = server.url
        yield service


class MailBox:
    """What a mail server took, and what it says to a recipient first."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.recipients: list[str] = []
        self.refusals: list[str] = []

    async def handle_RCPT(
        self, server: SMTP, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content))
        self.recipients += envelope.rcpt_tos
        return "250 Taken"


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[MailBox, str]]:
    """A real SMTP server, and its URL."""
    box, loop = MailBox(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mail.test", loop=loop), "127.0.0.1", 0)
    try:
        yield box, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def nobody(host: str, port: int) -> list[Any]:
    """A resolver that must not be asked."""
    raise AssertionError(f"{host}:{port} was looked up")


Resolver = Callable[[str, int], Awaitable[list[Any]]]
