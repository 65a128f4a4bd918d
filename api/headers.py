"""What every HTTP answer says to browsers and caches, unless its handler said otherwise."""

from collections.abc import Mapping

from litestar.types import Message, Scope

from api.rates.rates import SCOPE_KEY, Rate

DEFAULTS: dict[str, str] = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "0",
    "Cache-Control": "no-store",  # answers are personal; pages, tiles and scripts say what may be kept
}


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


ALWAYS = encoded(DEFAULTS)


async def set_headers(message: Message, scope: Scope) -> None:
    """Litestar's `before_send` hook: it also sees answers that no handler and no middleware made, such as 404."""
    if message["type"] != "http.response.start":
        return
    rate: Rate | None = scope["state"].get(SCOPE_KEY)
    told = encoded(rate.headers()) if rate is not None else []
    ours = {name for name, _ in told}
    said = [each for each in message.get("headers", ()) if each[0].lower() not in ours]
    names = {name.lower() for name, _ in said}
    message["headers"] = [*said, *told, *(each for each in ALWAYS if each[0] not in names)]
