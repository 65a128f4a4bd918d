"""Every HTTP request has a name, in its answer and in each line that is logged on its way.

The edge names requests (`X-Request-ID`), and whoever calls may carry a W3C trace (`traceparent`): both are taken over
when they have the right form, so that one search finds the line of nginx, ours, and the caller's. An answer says the
name in `X-Request-ID`. At LOG_LEVEL=debug each request also leaves a line of its own.
"""

import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import structlog

NAME = re.compile(rb"[A-Za-z0-9._-]{8,64}")
TRACE = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
NO_TRACE = b"0" * 32
PROCESS, NUMBERS = secrets.token_hex(6), itertools.count(1)  # a name drawn for each request cost more than its answer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger(__name__)


def name_of(said: Mapping[bytes, bytes]) -> dict[str, str]:
    """`request_id`, and `trace_id` where the caller has one, from what the request's headers say."""
    given = said.get(b"x-request-id", b"")
    names = {"request_id": given.decode() if NAME.fullmatch(given) else f"{PROCESS}{next(NUMBERS):08x}"}
    if b"traceparent" in said:
        trace = TRACE.fullmatch(said[b"traceparent"])
        if trace is not None and trace[1] != NO_TRACE:
            names["trace_id"] = trace[1].decode()
    return names


def answered(method: str, path: str, status: int, started_s: float, **names: str) -> None:
    """The line of an answer; `names` where they are not bound to the task."""
    spent_ms = round((time.perf_counter() - started_s) * 1000, 1)
    log.debug("answered", **names, method=method, path=path, status=status, ms=spent_ms)


def named(app: Asgi) -> Asgi:
    """The application, with its requests named."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        names, started_s = name_of(dict(scope["headers"])), time.perf_counter()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", names["request_id"].encode())]
                path = scope.get("path_template") or "-"  # never the path itself: it may hold a key or a token
                answered(scope["method"], path, message["status"], started_s)
            await send(message)

        structlog.contextvars.bind_contextvars(**names)  # for good: each request is a task with a context of its own
        await app(scope, receive, answer)

    return call
