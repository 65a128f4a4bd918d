"""Public GETs, answered from the cache before the framework sees them: the catalog, which is the same for everybody.

`X-Cache-Status` says HIT, MISS, or BYPASS when the cache could not be asked. Answers carry an ETag; who shows it again
in `If-None-Match` gets 304. Nothing personal passes here: `plan.py` names the paths, and their handlers know no caller.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
import structlog
from litestar.types import Message

from api import headers
from api.cache.forget import TOPIC, Forget
from api.cache.local import Answer, Local
from api.cache.plan import LONGEST_KEY, PUBLIC, Plan, plan
from api.cache.store import Cache, Outcome
from api.errors import meaning
from api.problems import MEDIA_TYPE, UNAVAILABLE, problem
from infra.clients import UNREACHABLE
from infra.settings import Settings
from live.relay import Relay

log = structlog.get_logger(__name__)
MOST_PLANS = 4096
JSON = b"application/json"
Scope = MutableMapping[str, Any]  # ASGI's words, plainly: also those of the lifespan pass here
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
ALWAYS = [
    (name.lower().encode(), value.encode()) for name, value in headers.DEFAULTS.items() if name != "Cache-Control"
] + [(b"content-type", JSON), (b"cache-control", b"public, no-cache"), (b"vary", b"Origin, Accept-Encoding")]


class Catalog(Protocol):
    """What is asked for most, as JSON, without the way through the framework; None where that must answer."""

    async def product_as_json(self, product_id: str) -> bytes | None:
        """One product."""

    async def page_as_json(self, asked: Mapping[str, str]) -> bytes | None:
        """A page of products after the first."""


class Caught(NamedTuple):
    """An answer of the framework, held back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Front:
    """Wraps the application. `cache` is None until the process has opened its clients."""

    def __init__(
        self, inner: Callable[..., Awaitable[None]], settings: Settings, is_connected: Callable[[], bool]
    ) -> None:
        self.inner, self.settings, self.is_connected = inner, settings, is_connected
        self.cache: Cache | None = None
        self.local = Local()
        self.catalog: Catalog | None = None
        self._plans: dict[tuple[str, bytes], Plan | None] = {}

    def connect(self, cache: Cache, relay: Relay, forget: Forget, catalog: Catalog) -> None:
        """The process has opened its clients: answer from the cache, and hear what is no longer true."""
        self.catalog = catalog
        forget.drop = self.local.drop
        relay.subscribe(TOPIC, lambda payload: self.local.drop(msgspec.msgpack.decode(payload)))
        relay.on_continuity_lost.append(self.local.clear)
        self.cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it, or pass it on."""
        cache = self.cache
        if scope["type"] != "http" or cache is None or scope["method"] not in ("GET", "HEAD"):
            return await self.inner(scope, receive, send)
        path = scope["path"]
        wanted = self.plan(path, scope["query_string"]) if path.startswith(PUBLIC) else None
        if wanted is None:
            return await self.inner(scope, receive, send)
        kept = self.hit(wanted)
        if kept is not None:
            return await self._answer(scope, send, kept, "HIT")
        return await self._fetch(cache, wanted, scope, receive, send)

    def hit(self, wanted: Plan) -> Answer | None:
        """What this process still holds, counted as a hit. None: the cache must be asked."""
        cache = self.cache
        if cache is None or not self.is_connected():
            return None
        kept = self.local.get(wanted.key, time.monotonic())
        if kept is not None:
            cache.outcomes["hit"] += 1
        return kept

    async def _fetch(self, cache: Cache, wanted: Plan, scope: Scope, receive: Receive, send: Send) -> None:
        caught: Caught | None = None
        changes = self.local.changes

        async def load() -> bytes | None:
            nonlocal caught
            try:
                if (body := await self._straight(wanted)) is not None:
                    return body
            except UNREACHABLE as error:
                log.warning("the catalog could not be read", error=f"{type(error).__name__}: {error}")
                caught = unavailable()
                return None
            caught = await self._run(scope, receive)
            return caught.body if caught.status == 200 else None

        body, outcome = await cache.fetch(wanted.key, wanted.ttl_s, load, wanted.tags)
        if body is None:
            if caught is None:
                caught = await self._run(scope, receive)
            await send({"type": "http.response.start", "status": caught.status, "headers": caught.headers})
            await send({"type": "http.response.body", "body": caught.body, "more_body": False})
            return
        answer = Answer(body, b'"' + hashlib.blake2b(body, digest_size=9).hexdigest().encode() + b'"')
        if outcome != "BYPASS":
            self.local.put(wanted.key, wanted.tags, answer, changes, time.monotonic())
        await self._answer(scope, send, answer, outcome)

    async def _straight(self, wanted: Plan) -> bytes | None:
        """The answer without the framework, where that is possible."""
        if self.catalog is None:
            return None
        if wanted.product:
            return await self.catalog.product_as_json(wanted.product)
        return await self.catalog.page_as_json(wanted.page) if wanted.page is not None else None

    def plan(self, path: str, query: bytes) -> Plan | None:
        """The plan, remembered: the same few are asked for most."""
        try:
            return self._plans[path, query]
        except KeyError:
            pass
        try:
            wanted = plan(path, query, self.settings)
        except ValueError:  # more fields than anybody asks
            wanted = None
        if len(self._plans) >= MOST_PLANS:
            self._plans.clear()
        if len(path) + len(query) <= LONGEST_KEY:
            self._plans[path, query] = wanted
        return wanted

    async def _run(self, scope: Scope, receive: Receive) -> Caught:
        """What the framework answers."""
        status, held, body = 500, list[tuple[bytes, bytes]](), list[bytes]()

        async def keep(message: Message) -> None:
            nonlocal status, held
            if message["type"] == "http.response.start":
                status, held = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                body.append(message["body"])

        await self.inner({**scope, "method": "GET"}, receive, keep)
        return Caught(status, held, b"".join(body))

    async def _answer(self, scope: Scope, send: Send, answer: Answer, outcome: Outcome) -> None:
        given = dict(scope["headers"])
        is_known = matches(given.get(b"if-none-match", b""), answer.etag)
        said = [*lines(answer, outcome, is_known), *self.cors(given.get(b"origin", b""))]
        await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": said})
        silent = is_known or scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if silent else answer.body, "more_body": False})

    def cors(self, origin: bytes) -> Sequence[tuple[bytes, bytes]]:
        """What a browser must hear to hand the answer to another site's page."""
        if origin and origin.decode("latin-1") in self.settings.allowed_origins:
            return ((b"access-control-allow-origin", origin), (b"access-control-expose-headers", b"ETag"))
        return ()


def lines(answer: Answer, outcome: Outcome, is_known: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, whoever asks; `is_known` to the caller, who is sent 304."""
    said = [*ALWAYS, (b"etag", answer.etag), (b"x-cache-status", outcome.encode())]
    return said if is_known else [*said, (b"content-length", str(len(answer.body)).encode())]


def unavailable() -> Caught:
    """What the framework answers when MongoDB cannot be asked."""
    told = problem(UNAVAILABLE)
    body = msgspec.json.encode(told.content)
    said = {**headers.DEFAULTS, **told.headers, "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    sent = [(name.lower().encode(), value.encode()) for name, value in said.items()]
    return Caught(meaning(UNAVAILABLE.code).status, sent, body)


def matches(given: bytes, etag: bytes) -> bool:
    """Whether `If-None-Match` names this answer."""
    return bool(given) and any(each.strip().removeprefix(b"W/") in (etag, b"*") for each in given.split(b","))
