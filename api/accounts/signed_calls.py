"""Whoever signs calls with a key of SIGNING_KEYS acts as an admin called `service:NAME`. Each nonce is taken once."""

import time
from typing import Any

from litestar import Request
from litestar.datastructures import State

from api.accounts import keys
from api.accounts.cookie import device_of
from api.accounts.signing import SKEW_S, check, keys_of
from api.audit.trail import Trail
from api.errors import Refusal, Refused
from api.rights import Actor
from infra.settings import Settings


class SignedCalls:
    """`redis` remembers nonces; while it is away no signed call is let in."""

    def __init__(self, settings: Settings, redis: Any, trail: Trail) -> None:
        self.secrets, self.prefix = keys_of(settings.signing_keys), settings.key_prefix
        self.redis, self.trail = redis, trail

    async def actor(self, request: Request[Any, Any, State], told: str) -> Actor:
        """Who signed this; raises Refusal (401)."""
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
        signed = check(told, self.secrets, request.method, path, await request.body(), time.time())
        if not isinstance(signed, Refused):
            key = keys.nonce(self.prefix, signed.key, signed.nonce)
            if await self.redis.set(key, b"", nx=True, ex=2 * SKEW_S + 1):
                return Actor(sub=f"service:{signed.key}", role="admin", name=signed.key, expires_at=signed.ts + SKEW_S)
            signed = Refused("bad_token", "This call was sent before: sign each with a nonce of its own.")
        self.trail.note("signature_refused", "", device_of(request), path=request.url.path)
        raise Refusal.of(signed)
