"""What is remembered while somebody is at the provider: ten minutes, once, and for the browser that went there."""

import secrets
from typing import Any

import msgspec

from api.accounts import keys
from api.accounts.account import AccountRole
from api.accounts.seals import digest

LIFE_S = 600


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. `browser` is the hash of what that browser keeps in a cookie."""

    provider: str
    verifier: str
    nonce: str
    browser: str
    role: AccountRole


class Flows:
    """Under the hash of their state."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self.redis, self.prefix = redis, prefix
        self._decoder = msgspec.msgpack.Decoder(Flow)

    async def begin(self, flow: Flow) -> str:
        """Remember it; the `state` that brings it back."""
        state = secrets.token_urlsafe(32)
        await self.redis.set(keys.oauth(self.prefix, digest(state)), msgspec.msgpack.encode(flow), ex=LIFE_S)
        return state

    async def end(self, state: str) -> Flow | None:
        """The attempt this state belongs to, once."""
        kept = await self.redis.getdel(keys.oauth(self.prefix, digest(state)))
        return self._decoder.decode(kept) if kept else None
