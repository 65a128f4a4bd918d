"""A network that fails: a TCP proxy whose connections can be reset, or go silent in both directions without an end."""

import asyncio
import random
import socket
import struct
from contextlib import suppress

CHUNK = 65_536


class Pair:
    """One client's connection and what carries it on. While `may_pass` is not set, bytes are taken and held back."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.may_pass = asyncio.Event()
        self.may_pass.set()

    def reset(self) -> None:
        """End both sides as a crashed router would: RST, nothing flushed."""
        self.may_pass.set()
        for writer in (self.near, self.far):
            raw = writer.get_extra_info("socket")
            if raw is not None:
                with suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class FaultProxy:
    """Listens on `port` and passes on to `target` until told otherwise."""

    def __init__(self, target: int, chance: random.Random) -> None:
        self.target, self.port = target, 0
        self._chance = chance
        self._pairs: set[Pair] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "FaultProxy":
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for pair in list(self._pairs):
            pair.reset()
        while self._carrying:
            await asyncio.wait(self._carrying)

    def reset(self, count: int) -> int:
        """Reset so many connections; how many there were."""
        chosen = self._choose(count)
        for pair in chosen:
            pair.reset()
        return len(chosen)

    def swallow(self, count: int, for_s: float) -> int:
        """Let so many connections go silent, and reset them later; how many there were."""
        chosen = self._choose(count)
        for pair in chosen:
            pair.may_pass.clear()
            asyncio.get_running_loop().call_later(for_s, pair.reset)
        return len(chosen)

    def _choose(self, count: int) -> list[Pair]:
        whole = sorted((pair for pair in self._pairs if pair.may_pass.is_set()), key=id)
        return self._chance.sample(whole, min(count, len(whole)))

    def _begin(self, near_in: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._carry(near_in, near))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, near_in: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        try:
            far_in, far = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            near.transport.abort()
            return
        pair = Pair(near, far)
        self._pairs.add(pair)
        ways = (_pass_on(pair, near_in, far), _pass_on(pair, far_in, near))
        tasks = {asyncio.ensure_future(way) for way in ways}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await pair.may_pass.wait()
        finally:
            pair.reset()
            self._pairs.discard(pair)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def _pass_on(pair: Pair, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK):
            await pair.may_pass.wait()
            target.write(data)
            await target.drain()
