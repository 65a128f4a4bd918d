"""Two processes on the same data, one that answers early and one that does not; and readers of raw answers."""

import asyncio
import socket
from typing import Any, NamedTuple

from tests.api.serving import Service
from tests.waiting import SCALE, until

GENERATED = {"x-request-id": 20}  # how long it is when nobody gave one


class Said(NamedTuple):
    """An answer, without what differs between any two."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Ways:
    """Two processes on the same data: one answers early, the other all the way through the application."""

    def __init__(self, early: Service, plain: Service, path: str) -> None:
        self.early, self.plain, self.path, self.etag = early, plain, path, ""
        self.through: list[str] = []  # paths that went through the early one's application

    async def both(self, asked: str) -> tuple[Said, Said, bool]:
        """What they say to a request, both holding what they may hold, and whether the first said it early."""
        while True:
            await self.warm()
            before = self._state()
            raw = asked.format(product=self.path, etag=self.etag).encode()
            self.through.clear()
            said, told = await ask(self.early, raw), await ask(self.plain, raw)
            if before == self._state():  # nothing was dropped meanwhile
                return said, told, not self.through and said.status.startswith(("HTTP/1.1 200", "HTTP/1.1 304"))

    def _state(self) -> list[tuple[bool, int]]:
        return [(each.app.world.relay.is_up, each.app.front.local.changes) for each in (self.early, self.plain)]

    async def warm(self) -> None:
        """Have both keep the catalog."""
        lists = ("/api/products", "/api/products?category=fruit&vendor=v1", "/api/stores")
        for path in (*lists, f"{self.path}/inventory", self.path):
            raw = f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode()
            for each in (self.early, self.plain):

                async def is_kept(service: Service = each, raw: bytes = raw) -> bool:
                    said = await ask(service, raw)
                    self.etag = dict(said.headers)["etag"]
                    return service.app.world.relay.is_up and dict(said.headers)["x-cache-status"] == "HIT"

                await until(is_kept, within_s=30)


def address(service: Service) -> tuple[str, int]:
    """Where it listens."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    return host, int(port)


async def read(reader: asyncio.StreamReader, *, bodiless: bool = False) -> Said:
    """The next answer; of a generated name and of the date only that they are there."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    length = 0 if bodiless or status[9:12] in ("204", "304") else int(dict(headers)["content-length"])
    shown = [(name, "…" if name == "date" or len(value) == GENERATED.get(name) else value) for name, value in headers]
    return Said(status, shown, await reader.readexactly(length))


async def ask(service: Service, raw: bytes) -> Said:
    """The answer to a request on a connection of its own."""
    reader, writer = await asyncio.open_connection(*address(service))
    try:
        writer.write(raw)
        return await asyncio.wait_for(read(reader, bodiless=raw.startswith(b"HEAD")), 20 * SCALE)
    finally:
        writer.close()


class Slow:
    """A reader who asks and does not read, over a socket that holds little."""

    def __init__(self, service: Service, path: str) -> None:
        self.service, self.raw, self.asked = service, f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode(), 0

    async def connect(self) -> None:
        """Open the socket; nothing is read before `reader` is wanted."""
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.before = set(self.service.server.server_state.connections)
        await asyncio.get_running_loop().sock_connect(self.socket, address(self.service))

    def held(self) -> Any:
        """The server's side of it, once it has begun."""
        new = set(self.service.server.server_state.connections) - self.before
        return new.pop() if new else None

    async def ask_until_held_up(self) -> None:
        """Ask one by one, until the server waits for this reader."""
        side, state = await until(self.held), self.service.server.server_state
        side.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        while not side.flow.write_paused:
            served = state.total_requests
            await asyncio.get_running_loop().sock_sendall(self.socket, self.raw)
            self.asked += 1
            await until(lambda served=served: state.total_requests > served, every_s=0.001)

    async def reader(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Begin to read."""
        return await asyncio.open_connection(sock=self.socket)
