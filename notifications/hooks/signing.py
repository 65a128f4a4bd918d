"""Signatures as the Standard Webhooks specification has them: HMAC-SHA256 over id, time and body. Pure.

During a change of secret both sign, so that receivers can change when they like.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE_S = 300


class BadSignature(ValueError):
    """Not signed by us, or too long ago."""


def write_secret(random: bytes) -> str:
    """A secret as it is shown, once."""
    return PREFIX + base64.b64encode(random).decode()


def read_secret(secret: str) -> bytes:
    """The key in it."""
    return base64.b64decode(secret.removeprefix(PREFIX))


def sign(secret: str, id_: str, at_s: int, body: bytes) -> str:
    """One signature: `v1,` and base64."""
    signed = f"{id_}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(read_secret(secret), signed, hashlib.sha256).digest()).decode()


def headers(secrets: Sequence[str], id_: str, at_s: int, body: bytes) -> dict[str, str]:
    """What goes with a delivery."""
    return {
        "webhook-id": id_, "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(sign(secret, id_, at_s, body) for secret in secrets),
    }


def verify(secret: str, given: dict[str, str], body: bytes, now_s: int) -> None:
    """What a receiver does; raises BadSignature. Here for receivers in Python, and for our tests."""
    id_, at = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not at.isdigit() or abs(now_s - int(at)) > TOLERANCE_S:
        raise BadSignature("the timestamp is missing or more than five minutes off")
    wanted = sign(secret, id_, int(at), body)
    if not any(hmac.compare_digest(wanted, one) for one in given.get("webhook-signature", "").split()):
        raise BadSignature("no signature is ours")
