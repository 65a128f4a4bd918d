"""A slow MongoDB: a TCP proxy that hands on every answer `delay_s` late, in order, without holding up those behind."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType

CHUNK = 65_536


class SlowProxy:
    """Listens on `port` and passes on to `target`, in a thread of its own. `delay_s` may be changed at any time."""

    def __init__(self, target: int) -> None:
        self.target, self.port, self.delay_s = target, 0, 0.0
        self._loop = asyncio.new_event_loop()
        self._carrying: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "SlowProxy":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, near_in: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        far_in, far = await asyncio.open_connection("127.0.0.1", self.target)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                self._pass_on(near_in, far, is_answer=False), self._pass_on(far_in, near, is_answer=True)
            )

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_answer: bool) -> None:
        while data := await source.read(CHUNK):
            if is_answer and self.delay_s:
                self._loop.call_later(self.delay_s, target.write, data)
            else:
                target.write(data)
        target.close()
