"""Which request bodies are let in: JSON, said to be JSON."""

from typing import TypeVar, cast

from litestar import MediaType, Response
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from api.errors import Refusal

SMALL_BODY_BYTES = 64 * 1024
Kind = TypeVar("Kind")


def ready_made(body: bytes, kind: type[Kind]) -> Response[Kind]:
    """An answer that was encoded before; `kind` is what it decodes to, for the description."""
    return cast(Response[Kind], Response(body, media_type=MediaType.JSON))


async def json_only(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """A guard for routers whose bodies are JSON; raises Refusal (415). An empty body needs no type.

    It waits for nothing; but what is not async the framework sends to a thread.
    """
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = connection.headers.get("content-length", "0") != "0" or "transfer-encoding" in connection.headers
    if has_body and kind != "application/json" and not kind.endswith("+json"):
        raise Refusal("unsupported_media_type", "Send the body as `Content-Type: application/json`.", "Content-Type")
