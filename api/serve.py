"""`ridewire serve`: HTTP and sockets on one port, one process, one loop; on SIGTERM it drains and exits with 0.

The order of a drain: ready says 503, nothing new is accepted, sockets get their answers and `bye` 4001 spread over
time, requests under way finish, the lifespan flushes and closes. A second signal ends it at once.
"""

import argparse
import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Generator

import structlog
import uvicorn
import uvloop

from api.app import App, create_app
from api.requests import named
from infra import logs
from infra.settings import BadSetting, Settings, check_for_service, load

log = structlog.get_logger(__name__)
BACKLOG = 2048
GC_THRESHOLDS = (50_000, 20, 50)
OK, FAILED, WRONG = 0, 1, 2


class Server(uvicorn.Server):
    """uvicorn, with our drain before its own and without raising the signal again, which would spoil the exit code."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self.app = app

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT begin the drain; the loop hears them, so nothing is interrupted halfway."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _end(self, number: int) -> None:
        if self.should_exit:
            self.force_exit = True
            self.app.hurry()
        log.info("ending", signal=signal.Signals(number).name, at_once=self.force_exit)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, drain the sockets, then what uvicorn does."""
        for server in self.servers:
            server.close()
        if not self.force_exit:
            await self.app.drain()
        await super().shutdown(sockets)


def make_server(app: App, host: str, port: int) -> Server:
    """A server ready to `serve()`; it has opened nothing yet."""
    config = uvicorn.Config(
        named(app.front), host=host, port=port, loop="none", http=app.http_class, ws=app.ws_class, lifespan="on",
        access_log=False, log_config=None, server_header=False, date_header=True, backlog=BACKLOG,
        proxy_headers=True, timeout_keep_alive=75, timeout_graceful_shutdown=max(1, int(app.settings.drain_s)),
    )
    return Server(config, app)


def run(settings: Settings, host: str = "127.0.0.1", port: int = 8000) -> int:
    """Serve until a signal; the exit code."""
    logs.set_up(settings.log_level)
    server = make_server(create_app(settings), host, port)
    # Sockets are thousands of long-lived objects: looking through them all by default cost 14 % of the CPU.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(server.serve())
        except SystemExit:  # uvicorn's word for a lifespan that could not start, or a port that is taken
            return FAILED
    return OK if server.started else FAILED


def main() -> int:
    """`python -m api.serve --host HOST --port PORT`, settings from the environment."""
    words = argparse.ArgumentParser(prog="python -m api.serve")
    words.add_argument("--host", default="127.0.0.1")
    words.add_argument("--port", type=int, default=8000)
    given = words.parse_args()
    try:
        settings = load()
        check_for_service(settings)
    except BadSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - the answer of a command
        return WRONG
    return run(settings, given.host, given.port)


if __name__ == "__main__":
    sys.exit(main())
