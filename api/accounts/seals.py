"""Secrets that only this service can have made: refresh tokens, session cookies, CSRF tokens. Pure.

Each is a MAC over the session's id and its random seed, keyed from the ring of JWT secrets. Nothing usable stands in
Redis, and an old refresh token is told apart from an invented one: the first is theft, the second only noise.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

import msgspec

Purpose = Literal["refresh", "cookie", "csrf"]
REFRESH, COOKIE = "rwr_", "rwc_"
LONGEST = 200


class Shown(msgspec.Struct, frozen=True):
    """A refresh token as it was shown: which session, the how-manieth of it, and its seal."""

    sid: str
    number: int
    seal: str


class Seals:
    """`secrets`: the one that seals now first, then those still believed."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [hmac.digest(secret.encode(), b"ridewire accounts", "sha256") for secret in secrets]

    def refresh(self, sid: str, seed: bytes, number: int) -> str:
        """The session's refresh token number `number`."""
        return f"{REFRESH}{sid}.{number}.{self._seal(0, 'refresh', sid, seed, number)}"

    def cookie(self, sid: str, seed: bytes) -> str:
        """What a browser keeps for the session."""
        return f"{COOKIE}{sid}.0.{self._seal(0, 'cookie', sid, seed)}"

    def csrf(self, sid: str, seed: bytes) -> str:
        """What a page of ours sends along with the cookie, and no other page can know."""
        return self._seal(0, "csrf", sid, seed)

    def holds(self, purpose: Purpose, shown: Shown, seed: bytes) -> bool:
        """Whether this service sealed it, with the secret of today or one still believed."""
        wanted = [self._seal(place, purpose, shown.sid, seed, shown.number) for place in range(len(self._keys))]
        return any([hmac.compare_digest(shown.seal.encode(), seal.encode()) for seal in wanted])  # noqa: C419 - all

    def _seal(self, place: int, purpose: Purpose, sid: str, seed: bytes, number: int = 0) -> str:
        said = b"\n".join((purpose.encode(), sid.encode(), str(number).encode(), seed))
        return base64.urlsafe_b64encode(hmac.digest(self._keys[place], said, "sha256")).rstrip(b"=").decode()


def read(token: str, prefix: str) -> Shown | None:
    """The parts of a token; None when it has another form."""
    if not token.startswith(prefix) or len(token) > LONGEST or not token.isascii():
        return None
    sid, _, rest = token.removeprefix(prefix).partition(".")
    number, _, seal = rest.partition(".")
    if not sid.isalnum() or not number.isdigit() or len(number) > 9 or not seal:
        return None
    return Shown(sid, int(number), seal)


def digest(secret: str) -> str:
    """The hash under which a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
