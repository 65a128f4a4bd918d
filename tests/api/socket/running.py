"""A uvicorn with the engine on a free port, in the test's own loop, and peers to put behind it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import uvicorn

from api.socket.codes import bye
from api.socket.connection import Connection
from api.socket.engine import Engine, make_ws_class
from live.push import Encoding
from tests.ending import over
from tests.waiting import until


async def no_http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An HTTP side that has nothing."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[str]:
    """Serve the engine; gives ws://127.0.0.1:PORT/ws."""
    config = uvicorn.Config(
        no_http, port=0, ws=make_ws_class(engine), http="httptools", lifespan="off", log_level="warning",
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[assignment]  # the test run keeps its own handlers
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}{engine.path}"
    finally:
        server.should_exit = True
        await over(serving)


class Echo:
    """Says back what it hears, text or binary."""

    overflowed = False
    has_more = True

    def __init__(self, line: Connection, encoding: Encoding) -> None:
        self.line = line
        self.is_text = True
        self.waiting: deque[tuple[bytes, bool]] = deque()

    def received(self, data: bytes, is_text: bool) -> None:
        """Queue it to go back."""
        self.waiting.append((data, is_text))
        self.line.wake()

    def take(self, now_ms: float) -> bytes | None:
        """The next frame to say back."""
        if not self.waiting:
            return None
        data, self.is_text = self.waiting.popleft()
        return data

    def check(self, now_s: float) -> float | None:
        """No deadlines of its own."""
        return None

    def end(self, code: int, reason: str = "", *, drop: bool = False) -> None:
        """Hang up without a word."""
        self.line.hang_up(code, reason or str(bye(code)["reason"]))

    def retire(self) -> None:
        """Nothing to finish."""
        self.end(1001)

    def lost(self, code: int) -> None:
        """Nothing to give back."""
