"""An issuer's published keys (JWKS), fetched over HTTP, few and not often, and kept while the issuer is away.

An unknown `kid` makes us look again, at most each LOOK_AGAIN_S, so that strangers' tokens cannot make us knock on.
"""

import asyncio
import ssl
import time

import httpx
import jwt
import msgspec
import structlog

from api.errors import Refused
from api.tokens import PUBLISHED

log = structlog.get_logger(__name__)
FRESH_S, LOOK_AGAIN_S, STALE_S = 300.0, 10.0, 86_400.0
FETCH_S = 3.0
MOST_BYTES = 256 * 1024
MOST_KEYS = 64


class KeySet(msgspec.Struct):
    """The document; keys we cannot use are passed over."""

    keys: list[dict[str, object]]


class Jwks:
    """The keys behind one URL. `key` is all anybody asks. `trusted`: TLS certificates, where not the usual ones."""

    def __init__(self, url: str, trusted: ssl.SSLContext | None = None) -> None:
        self.url, self._trusted = url, trusted
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._turn = asyncio.Lock()

    async def key(self, kid: str | None) -> jwt.PyJWK | Refused | None:
        """The key with this id (or the only key, where the token names none); None when the issuer has no such key.

        Refused `unavailable` when the keys cannot be had: nobody gets in on keys we have not seen for a day.
        """
        is_known = self._find(kid) is not None
        if self._is_due(kid) and not (is_known and self._turn.locked()):  # one waits for the issuer, others need not
            async with self._turn:
                if self._is_due(kid):
                    await self._fetch()
        if time.monotonic() - self._fetched_at > STALE_S:
            return Refused("unavailable", "The issuer's keys cannot be fetched just now.", after_ms=5000)
        return self._find(kid)

    def _is_due(self, kid: str | None) -> bool:
        now_s = time.monotonic()
        wanted = now_s - self._fetched_at > FRESH_S or self._find(kid) is None
        return wanted and now_s - self._tried_at > LOOK_AGAIN_S

    def _find(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_S):
                text = await self._download()
            listed = msgspec.json.decode(text, type=KeySet).keys[:MOST_KEYS]
        except (httpx.HTTPError, TimeoutError, msgspec.MsgspecError, ValueError) as error:
            log.warning("the issuer's keys could not be had", url=self.url, error=f"{type(error).__name__}: {error}")
            return
        finally:
            self._tried_at = time.monotonic()
        self._keys = dict(pair for number, jwk in enumerate(listed) if (pair := _usable(jwk, number)) is not None)
        self._fetched_at = time.monotonic()

    async def _download(self) -> bytes:
        parts = bytearray()
        async with (
            httpx.AsyncClient(
                timeout=FETCH_S, follow_redirects=False, trust_env=False, verify=self._trusted or True
            ) as client,
            client.stream("GET", self.url) as answer,
        ):
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                parts += part
                if len(parts) > MOST_BYTES:
                    raise ValueError(f"the key set is longer than {MOST_BYTES} bytes")
        return bytes(parts)


def _usable(jwk: dict[str, object], number: int) -> tuple[str, jwt.PyJWK] | None:
    """A signing key of one of our algorithms with its id; None for every other kind, secrets above all."""
    try:
        key = jwt.PyJWK(jwk)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if key.algorithm_name not in PUBLISHED or jwk.get("use", "sig") != "sig":
        return None
    return str(jwk.get("kid") or f"#{number}"), key
