"""Six digits by e-mail prove an address, or allow a new password: for ten minutes, five tries, once.

`verification:{email}:{purpose}` holds a MAC of the code, never the code. A new code takes the place of the old one. For
an address that nobody has the same is done, so that neither an answer nor its time tells.
"""

import hmac
import secrets as chance
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from api.accounts import keys
from tracking.scripts import Script

Purpose = Literal["verify", "password_reset"]
DIGITS, LIFE_S, MOST_TRIES = 6, 600, 5


class Codes:
    """`secrets`: the one that seals now first, then those still believed."""

    def __init__(self, redis: Any, prefix: str, secrets: Sequence[str]) -> None:
        self.redis, self.prefix = redis, prefix
        self._keys = [hmac.digest(secret.encode(), b"ridewire codes", "sha256") for secret in secrets]
        self._take = Script("take_code", folder=Path(__file__).parent / "lua")

    async def make(self, email: str, purpose: str) -> str:
        """A new code; the one before is dead."""
        code = f"{chance.randbelow(10**DIGITS):0{DIGITS}}"
        key = keys.verification(self.prefix, email, purpose)
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.delete(key)
            pipe.hset(key, mapping={"code": self._seal(self._keys[0], email, purpose, code), "tries": 0})
            pipe.expire(key, LIFE_S)
            await pipe.execute()
        return code

    async def take(self, email: str, purpose: str, code: str) -> bool:
        """Whether it is the code, once. Each question is a try, and the fifth is the last."""
        right = [self._seal(key, email, purpose, code) for key in self._keys]
        key = keys.verification(self.prefix, email, purpose)
        return bool(await self._take.run(self.redis, [key], [MOST_TRIES, *right]))

    @staticmethod
    def _seal(key: bytes, email: str, purpose: str, code: str) -> str:
        return hmac.digest(key, f"{email}\n{purpose}\n{code}".encode(), "sha256").hex()
