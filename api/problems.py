"""Every HTTP error leaves as RFC 9457 `application/problem+json`: what, why, which field, and whether to try again.

Members beyond the RFC's: `code` (the row in api/errors.py), `field`, `retry`, `after_ms`, `allowed` (steps open now).
"""

import math
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from api.errors import Refusal, Refused, meaning
from chat.store import Unstored
from infra.clients import UNREACHABLE
from infra.transactions import TooSlow
from live.store import Unreadable
from tracking.store import StoreDown

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
AGAIN_AFTER_MS = 1000
NAMED_IN_TEXT = re.compile(r"(?:field|path) `(?:\$\.?)?([^`]+)`")
Call = Request[Any, Any, State]

CODES: dict[int, str] = {
    400: "bad_request", 401: "no_token", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 409: "conflict", 413: "too_large", 415: "unsupported_media_type", 422: "bad_request",
    429: "rate_limited", 503: "unavailable",
}


UNAVAILABLE = Refused("unavailable", "Something this needs is not reachable just now.", after_ms=2000)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error as RFC 9457 has it, and what a program needs beyond that. `retry`: the same again may work."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retry: bool
    field: str | None = None
    after_ms: int | None = None
    allowed: list[str] | None = None


NOTHING = {204: {204: ResponseSpec(None, description="Done")}}  # an answer without a body has no type


def described(*statuses: int) -> dict[int, ResponseSpec]:
    """For the description: what these statuses mean where they are answered. 400, 401 and 503 always are."""
    return _specs({400, 401, 503, *statuses})


def _specs(statuses: Collection[int]) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=HTTPStatus(status).phrase, media_type=MEDIA_TYPE
        )
        for status in sorted(statuses)
    }


def describe_errors(application: Litestar) -> None:
    """What follows from a handler's form, whatever it says of itself: with an id 404, with a body 413 and 415."""
    for route in application.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler):
                is_api = route.path.startswith("/api/")
                with_id = {404} if "{" in route.path_format else set()
                with_body = {413, 415} if handler.http_methods & {"POST", "PUT", "PATCH"} else set()
                found = described(403, 429, *with_id, *with_body) if is_api else _specs(with_id)
                handler.responses = found | NOTHING.get(handler.status_code, {}) | dict(handler.responses or {})


def problem(refused: Refused, headers: dict[str, str] | None = None) -> Response[dict[str, Any]]:
    """The refusal as an HTTP answer. What may be tried again carries Retry-After."""
    row = meaning(refused.code)
    body: dict[str, Any] = {
        "type": f"urn:ridewire:error:{refused.code}", "title": row.title, "status": row.status,
        "detail": refused.message, "code": refused.code, "retry": row.retry,
    }
    extras = {"field": refused.field, "after_ms": refused.after_ms, "allowed": list(refused.allowed) or None}
    body |= {name: value for name, value in extras.items() if value is not None}
    headers = dict(headers or {})
    if row.status in (429, 503):
        headers["Retry-After"] = str(math.ceil((refused.after_ms or AGAIN_AFTER_MS) / 1000))
    if row.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, status_code=row.status, media_type=MEDIA_TYPE, headers=headers)


def on_refusal(call: Call, refusal: Refusal) -> Response[dict[str, Any]]:
    """A handler said no."""
    if (note := getattr(call.app.state, "note_refusal", None)) is not None:
        note(call, refusal.code)
    return problem(refusal.refused)


def on_http_exception(_: Call, error: HTTPException) -> Response[dict[str, Any]]:
    """The framework said no: unknown path, wrong method, a body that does not fit."""
    code = CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
    if isinstance(error, ValidationException):
        return problem(_misfit(error))
    detail = meaning(code).title + "." if error.status_code in (404, 405) or error.status_code >= 500 else error.detail
    allow = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return problem(Refused(code, detail), allow)


def _misfit(error: ValidationException) -> Refused:
    """The first thing wrong with a request, named."""
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    if not isinstance(first, dict):
        return Refused("bad_request", str(first))
    message = str(first.get("message") or error.detail)
    key = first.get("key")
    named = NAMED_IN_TEXT.search(message) if key in (None, "", "data") else None
    return Refused("bad_request", message, named[1] if named else str(key) if key else None)


def on_dependency_down(call: Call, error: Exception) -> Response[dict[str, Any]]:
    """Redis or MongoDB did not answer: theirs to recover, the caller's to come back."""
    log.warning("a dependency failed a request", path=_template(call), error=f"{type(error).__name__}: {error}")
    return problem(UNAVAILABLE)


def on_too_deep(_: Call, __: RecursionError) -> Response[dict[str, Any]]:
    """A body nested deeper than any decoder goes."""
    return problem(Refused("bad_request", "The body is nested too deep."))


def on_bug(call: Call, error: Exception) -> Response[dict[str, Any]]:
    """Ours: the log gets the traceback, the caller only that it was not their fault."""
    log.error("a request failed", method=call.method, path=_template(call), exc_info=error)
    return problem(Refused("internal", "This is our fault; it has been logged."))


def _template(call: Call) -> str:
    """The path as it was declared: what really stands in its places may be a phone's key or a share link's token."""
    return str(call.scope.get("path_template") or "-")


HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: on_refusal, HTTPException: on_http_exception, RecursionError: on_too_deep,
    Exception: on_bug,
    **dict.fromkeys((*UNREACHABLE, StoreDown, Unstored, Unreadable, TooSlow), on_dependency_down),
}
