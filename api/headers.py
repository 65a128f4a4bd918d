"""What every HTTP answer says to browsers and caches, unless its handler said otherwise."""

from litestar.datastructures import MutableScopeHeaders
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


async def set_headers(message: Message, scope: Scope) -> None:
    """Litestar's `before_send` hook: it also sees answers that no handler and no middleware made, such as 404."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    rate: Rate | None = scope["state"].get(SCOPE_KEY)
    if rate is not None:
        for name, value in rate.headers().items():
            headers[name] = value
    for name, value in DEFAULTS.items():
        if name.lower() not in headers:
            headers[name] = value
