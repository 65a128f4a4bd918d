"""How often one person may call one endpoint, or one address may try to sign in: counted by all instances together.

`ratelimit:{userId}:{endpoint}` in Redis, a minute from its first request on. When Redis is away or slow, each process
counts for itself: a limit that is a little loose is better than a service that is shut.
"""

import asyncio
import ipaddress
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from api.errors import Refusal
from api.rates.window import WINDOW_MS, Count, Windows
from api.rights import STAFF, Actor
from infra.clients import UNREACHABLE
from infra.settings import Settings
from tracking.scripts import Evaluator, Script

log = structlog.get_logger(__name__)
ASK_S, LET_ALONE_S = 2.0, 2.0
IPV6_SITE = 64
AWAY: tuple[type[Exception], ...] = (*UNREACHABLE, OSError, TimeoutError)
PER_MINUTE = "per_minute"  # a handler's `opt`, where it has a limit of its own
SCOPE_KEY = "rate"


class Rate:
    """Where a caller stands after this request; told in the answer's headers."""

    __slots__ = ("limit", "seen")

    def __init__(self, limit: int, seen: Count) -> None:
        self.limit, self.seen = limit, seen

    def headers(self) -> dict[str, str]:
        """The limit, what is left of it, and in how many seconds it begins anew."""
        left = max(0, self.limit - self.seen.count)
        return {
            "RateLimit-Limit": str(self.limit), "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(-(-self.seen.left_ms // 1000)),
        }


class Rates:
    """A limit of 0 is none. `line` runs the script: a connection of its own, so that a burst waits for no pool."""

    def __init__(self, settings: Settings, redis: Any, line: Evaluator) -> None:
        self.settings, self.redis, self.line = settings, redis, line
        self.over = 0
        self._script = Script("count", folder=Path(__file__).parent / "lua")
        self._windows = Windows()
        self._let_alone_until_s = 0.0

    async def of_person(self, request: Request[Any, Any, State], actor: Actor) -> None:
        """Count a call by somebody known; raises Refusal when it is one too many. Staff and backends have more."""
        settings = self.settings
        limit = settings.rate_limit_staff_per_minute if actor.role in STAFF else settings.rate_limit_per_minute
        opt = request.route_handler.opt
        if PER_MINUTE in opt and limit:
            limit = max(limit, int(opt[PER_MINUTE]))
        await self._take(request, actor.sub, limit)

    async def of_address(self, request: ASGIConnection[Any, Any, Any, Any], limit: int | None = None) -> None:
        """Count a call by nobody known yet; raises Refusal. The address is the first one a trusted proxy names."""
        limit = self.settings.rate_limit_address_per_minute if limit is None else limit
        await self._take(request, network(request.client.host if request.client else ""), limit)

    async def tries(self, email: str) -> Count:
        """One more attempt to sign in with this address: `attempts:{email}`, also for a minute."""
        return await self.count(f"{self.settings.key_prefix}:attempts:{email}")

    async def of_letters(self, what: str, window_ms: int) -> Count:
        """One more letter of this kind to this address: `letters:{email}:{purpose}`."""
        return await self.count(f"{self.settings.key_prefix}:letters:{what}", window_ms)

    async def forget(self, email: str) -> None:
        """An attempt was right: earlier ones count no more."""
        try:
            await self.redis.delete(f"{self.settings.key_prefix}:attempts:{email}")
        except UNREACHABLE:
            return

    async def _take(self, request: ASGIConnection[Any, Any, Any, Any], who: str, limit: int) -> None:
        if not limit:
            return
        endpoint = f"{request.scope['method']}{request.scope['path_template']}"  # type: ignore[typeddict-item]
        rate = Rate(limit, await self.count(f"{self.settings.key_prefix}:ratelimit:{who}:{endpoint}"))
        request.scope["state"][SCOPE_KEY] = rate
        if rate.seen.count > limit:
            self.over += 1
            told = f"This may be asked {limit} times a minute; go on in {-(-rate.seen.left_ms // 1000)} s."
            raise Refusal("rate_limited", told, after_ms=rate.seen.left_ms)

    async def count(self, key: str, window_ms: int = WINDOW_MS) -> Count:
        """One more under this key, in Redis or, without it, here."""
        now_s = time.monotonic()
        if now_s >= self._let_alone_until_s:
            try:
                async with asyncio.timeout(ASK_S):
                    count, left_ms = await self._script.run(self.line, [key], [window_ms])
                return Count(int(count), int(left_ms))
            except AWAY as error:
                self._let_alone_until_s = now_s + LET_ALONE_S
                log.warning("requests are counted by this process alone", error=f"{type(error).__name__}: {error}")
        return self._windows.count(key, now_s * 1000, window_ms)


def kept_under(prefix: str, email: str, purposes: Iterable[str]) -> list[str]:
    """The keys that count what was tried with an address, and what was sent to it."""
    return [f"{prefix}:attempts:{email}", *(f"{prefix}:letters:{email}:{each}" for each in purposes)]


def network(address: str) -> str:
    """Whom an address stands for: itself, or the /64 that one household gets of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return address
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, IPV6_SITE), strict=False).network_address)


async def by_address(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard for endpoints that anybody may call."""
    rates: Rates = connection.app.state.rates
    await rates.of_address(connection)
