"""Access tokens for simulated clients, as a marketplace's backend would issue them."""

import time
import uuid

import jwt

SECRET = "bench-only-secret-that-is-long-enough-for-hs256"  # noqa: S105 - of servers that live as long as one run
AUDIENCE = ISSUER = "ridewire"


def token(sub: str, role: str, ttl_s: int = 7200) -> str:
    """A signed token for `sub` in `role`."""
    now = int(time.time())
    claims = {"sub": sub, "role": role, "iat": now, "exp": now + ttl_s, "jti": uuid.uuid4().hex}
    return jwt.encode({**claims, "iss": ISSUER, "aud": AUDIENCE}, SECRET, algorithm="HS256")
