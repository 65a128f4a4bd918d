"""Calls signed by another server instead of carrying a token: which are genuine, and fresh. Pure.

    Authorization: RW-HMAC-SHA256 key=NAME,ts=SECONDS,nonce=WORD,signature=HEX

The signature is HMAC-SHA256, keyed with the secret of that name, over six lines: method, path with its query as it is
sent, SHA-256 of the body in hex, key, ts, nonce. So nothing of a call can be changed, and none can be sent twice.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from api.errors import Refused

SCHEME = "RW-HMAC-SHA256"  # as api/bearer.py reads it
SKEW_S = 300
LONGEST = 600
Word = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.~-]{1,128}$")]
Nonce = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.~-]{16,128}$")]


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the header says."""

    key: Word
    ts: Annotated[int, msgspec.Meta(ge=0, le=10**11)]
    nonce: Nonce
    signature: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


def keys_of(pairs: Sequence[str]) -> dict[str, str]:
    """NAME=SECRET, as the setting has them."""
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def signature(secret: str, method: str, path: str, body: bytes, *, key: str, ts: int, nonce: str) -> str:
    """The signature of a call."""
    lines = (method.upper(), path, hashlib.sha256(body).hexdigest(), key, str(ts), nonce)
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def header(secret: str, method: str, path: str, body: bytes, *, key: str, ts: int, nonce: str) -> str:
    """The whole header, for those who call."""
    seal = signature(secret, method, path, body, key=key, ts=ts, nonce=nonce)
    return f"{SCHEME} key={key},ts={ts},nonce={nonce},signature={seal}"


def check(
    text: str, secrets: Mapping[str, str], method: str, path: str, body: bytes, now_s: float
) -> Signed | Refused:
    """The call's signature, if it is genuine and fresh; whether it was seen before is for others to say."""
    wrong = Refused("bad_token", "The signature is not right for this call: method, path, body, key, ts and nonce.")
    try:
        pairs = dict(part.strip().split("=", 1) for part in text[:LONGEST].split(","))
        signed = msgspec.convert(pairs, Signed, strict=False)
    except (ValueError, msgspec.ValidationError):
        return wrong
    secret = secrets.get(signed.key)
    own = signature(secret or "", method, path, body, key=signed.key, ts=signed.ts, nonce=signed.nonce)
    if not hmac.compare_digest(own, signed.signature) or not secret:
        return wrong
    if abs(now_s - signed.ts) > SKEW_S:
        return Refused("expired_token", f"The call was signed more than {SKEW_S} s from now; look at the clocks.")
    return signed
