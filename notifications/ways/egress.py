"""Asking an address that somebody else named, without being led astray.

The name is resolved once, every address it has is checked, and the connection goes to a checked one: what the name
means a moment later does not matter. Redirects are answers, not orders. Connections are not kept, because one that was
made for a name proves nothing about another name at the same address.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import NamedTuple

import httpx

from notifications.ways.addresses import Address, Allowed, Forbidden, Target, check_address, target

MOST_BYTES, SHOWN_BYTES = 64 * 1024, 300
Resolve = Callable[[str, int], Awaitable[list[Address]]]


class Answer(NamedTuple):
    """What came back: the status, the beginning of the body, and when to come back if it says so."""

    status: int
    said: str
    retry_after: str | None


async def resolve(host: str, port: int) -> list[Address]:
    """All addresses of a name, or of anything that the system takes for an address."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConnectionError(f"{host} has no address: {error}") from error
    return [ipaddress.ip_address(str(at[0]).partition("%")[0]) for *_, at in found]


class Egress:
    """`allowed`: what the operator lets through besides the public. One call takes at most `timeout_s`."""

    def __init__(
        self, client: httpx.AsyncClient, allowed: Allowed, *, timeout_s: float = 5.0, resolve: Resolve = resolve
    ) -> None:
        self._client, self.allowed, self._timeout_s, self._resolve = client, allowed, timeout_s, resolve

    async def check(self, url: str) -> Target:
        """Whether the URL may be asked as things are; raises Forbidden, or ConnectionError without an address."""
        wanted = target(url, self.allowed)
        async with asyncio.timeout(self._timeout_s):
            await self._address(wanted)
        return wanted

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it; raises Forbidden, TimeoutError or what the network does."""
        wanted = target(url, self.allowed)
        async with asyncio.timeout(self._timeout_s):
            address = await self._address(wanted)
            at = f"[{address}]" if address.version == 6 else str(address)
            name = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
            usual = 443 if wanted.scheme == "https" else 80
            given = dict(headers) | {"Host": name if wanted.port == usual else f"{name}:{wanted.port}"}
            request = self._client.build_request(
                "POST", f"{wanted.scheme}://{at}:{wanted.port}{wanted.path}", content=body, headers=given,
                extensions={"sni_hostname": wanted.host},
            )
            response = await self._client.send(request, stream=True)
            try:
                said = await _beginning(response)
            finally:
                await response.aclose()
        return Answer(response.status_code, said, response.headers.get("retry-after"))

    async def _address(self, wanted: Target) -> Address:
        """An address to connect to; every one that the name has must be allowed."""
        addresses = await self._resolve(wanted.host, wanted.port)
        if not addresses:
            raise ConnectionError(f"{wanted.host} has no address")
        for address in addresses:
            check_address(address, wanted, self.allowed)
        return addresses[0]


async def _beginning(response: httpx.Response) -> str:
    """The first bytes of the body as text; the rest is not worth reading."""
    read = b""
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) >= SHOWN_BYTES:
            break
    return read[:SHOWN_BYTES].decode(errors="replace")


@asynccontextmanager
async def open_client() -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that takes no proxy from the environment, follows nothing and keeps no connection."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        follow_redirects=False, trust_env=False, limits=limits, timeout=10.0, verify=_certificates()
    ) as client:
        yield client


@cache
def _certificates() -> ssl.SSLContext:
    """Those that httpx trusts, read once in a process: 25 ms of CPU."""
    return httpx.create_ssl_context(trust_env=False)


__all__ = ["Answer", "Egress", "Forbidden", "open_client", "resolve"]
