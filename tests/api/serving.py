"""A whole service on real servers, and people with tokens to use it."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from api.app import create_app
from api.rights import Role
from api.routing import face
from api.serve import Server, make_server
from api.tokens import Trust, issue
from client.reconnect import Ridewire
from infra.settings import Settings
from tests.api import kept_routes
from tests.ending import over
from tests.waiting import until

WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
SECRET = "tests-only-" + "s" * 40
TRUST = Trust(secrets=(SECRET,))
SHOP = {"lat": 14.5995, "lng": 120.9842}
DOOR = {"lat": 14.6095, "lng": 120.9942}
CHAIN = ("accepted", "preparing", "ready", "picked_up", "arriving", "delivered")


def token(role: Role, sub: str, ttl_s: int = 900) -> str:
    """An access token of ours."""
    return issue(TRUST, sub, role, ttl_s, now=time.time())


def asking(url: str, timeout_s: float = 20, **headers: str) -> httpx.AsyncClient:
    """An HTTP client of the service at `url`; one that may speak TLS reads all certificates first, 25 ms of CPU."""
    return httpx.AsyncClient(base_url=url, timeout=timeout_s, verify=WITHOUT_TLS, headers=headers)


class Person:
    """Somebody with a token: asks over HTTP, and may open a socket."""

    def __init__(self, url: str, bearer: str, sub: str = "") -> None:
        self.url, self.bearer, self.sub = url, bearer, sub
        self.http = asking(url, Authorization=f"Bearer {bearer}")

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.http.post(path, **({} if body is None else {"json": body}), **options)

    async def delete(self, path: str) -> httpx.Response:
        return await self.http.delete(path)

    def socket(self, client: str = "") -> Ridewire:
        return Ridewire.connect(self.url.replace("http", "ws") + "/ws", token=self.bearer, client=client)

    async def steps(self, order_id: str, *statuses: str) -> dict[str, Any]:
        """Take an order through these statuses; the last answer."""
        for status in statuses:
            answer = await self.post(f"/api/orders/{order_id}/status", {"status": status})
            assert 200 == answer.status_code, answer.text
        return dict(answer.json())


class Service:
    """One process of the service, in this loop."""

    def __init__(self, server: Server, url: str, stack: AsyncExitStack) -> None:
        self.server, self.url, self.stack = server, url, stack
        self.app = server.app

    def person(self, role: Role, sub: str) -> Person:
        return self.someone(token(role, sub), sub)

    def someone(self, bearer: str, sub: str = "") -> Person:
        person = Person(self.url, bearer, sub)
        self.stack.push_async_callback(person.http.aclose)
        return person

    async def order(self, customer: str = "c1", vendor: str = "v1", rider: str = "") -> str:
        """A new order, perhaps with its rider; its id."""
        admin = self.person("admin", "a1")
        body = {"customer_id": customer, "vendor_id": vendor, "pickup": SHOP, "dropoff": DOOR}
        answer = await admin.post("/api/orders", body)
        assert 201 == answer.status_code, answer.text
        order_id = str(answer.json()["id"])
        if rider:
            assigned = await admin.post(f"/api/orders/{order_id}/assign", {"rider_id": rider})
            assert 200 == assigned.status_code, assigned.text
        return order_id


async def _serve(server: Server, listener: socket.socket) -> None:
    """Until it has drained. uvicorn leaves by SystemExit when it cannot start, which would end the test's loop."""
    try:
        await server.serve([listener])
    except SystemExit as left:
        raise AssertionError("the service did not start; its log says why") from left


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    """A process that serves until the block ends, then drains."""
    listener = socket.create_server(("127.0.0.1", 0))  # kept from here on: a port that is looked for can be lost again
    port = listener.getsockname()[1]
    shown = face(settings)
    server = make_server(create_app(settings, kept_routes.take), "127.0.0.1", port)
    running = asyncio.create_task(_serve(server, listener))
    try:
        await until(lambda: server.started or running.done(), within_s=20)
        async with AsyncExitStack() as stack:
            yield Service(server, f"http://127.0.0.1:{port}", stack)
    finally:
        server.should_exit = True
        await over(running, within_s=60)
        listener.close()
    kept_routes.put(shown, server.app.litestar)
