"""What can go wrong for a client. RidewireError is the root; each error keeps its fields and says a full sentence.

RidewireError
 ├ RequestRefused    the server answered `error`
 ├ ConnectionLost    the socket ended, or never opened
 ├ GaveUp            the server told us not to come back, or the token ran out
 └ TooSlow           nobody read the pushes
"""


class RidewireError(Exception):
    """Root of everything this package raises on purpose."""


class RequestRefused(RidewireError):
    """The server answered `error`. `retry` says whether the same request may succeed later, after `after_ms`."""

    def __init__(
        self, code: str, message: str, *, retry: bool = False, after_ms: int | None = None, field: str = ""
    ) -> None:
        self.code, self.message, self.retry, self.after_ms, self.field = code, message, retry, after_ms, field
        super().__init__(code, message)

    def __str__(self) -> str:
        where = f" (field {self.field})" if self.field else ""
        return f"refused: {self.code}: {self.message}{where}"


class ConnectionLost(RidewireError):
    """The socket ended. `code` is the close code (1006 when there was none, 0 when it never opened), `status` the HTTP
    status of a refused upgrade, `after_ms` the [min, max] wait that `bye` asked for."""

    def __init__(
        self, code: int, reason: str, *, status: int = 0, retry: bool = True, after_ms: tuple[int, int] | None = None
    ) -> None:
        self.code, self.reason, self.status, self.retry, self.after_ms = code, reason, status, retry, after_ms
        super().__init__(code, reason)

    def __str__(self) -> str:
        what = f"HTTP {self.status}" if self.status else f"close code {self.code}"
        return f"connection lost: {what}: {self.reason or 'no reason given'}"


class GaveUp(RidewireError):
    """The session ended for good; the cause is chained."""


class TooSlow(RidewireError):
    """More log items wait in the inbox than it may hold."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        super().__init__(waiting)

    def __str__(self) -> str:
        return f"{self.waiting} log items wait unread; read the session's pushes faster, or subscribe with a handler"
