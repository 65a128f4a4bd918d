"""VAPID (RFC 8292): who sends a push, signed for one push service and one day. Pure: the moment is a parameter."""

import base64
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
LIFE_S = 12 * 3600  # push services refuse more than a day


class BadKey(ValueError):
    """A key that cannot be used; the message says what is wrong."""


def b64(data: bytes) -> str:
    """base64url without padding, as all of Web Push writes it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """The bytes; raises BadKey."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise BadKey(f"not base64url: {error}") from error


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as browsers want it: 65 bytes, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_private(text: str) -> ec.EllipticCurvePrivateKey:
    """The key written by `write_private`; raises BadKey."""
    raw = unb64(text)
    if len(raw) != 32:
        raise BadKey(f"a VAPID private key has 32 bytes, this one {len(raw)}")
    try:
        return ec.derive_private_key(int.from_bytes(raw, "big"), CURVE)
    except ValueError as error:
        raise BadKey(f"not a key of the curve P-256: {error}") from error


def write_private(key: ec.EllipticCurvePrivateKey) -> str:
    """The key in 43 letters."""
    return b64(key.private_numbers().private_value.to_bytes(32, "big"))


def check_browser_keys(p256dh: str, auth: str) -> None:
    """Raises BadKey unless a browser could have made these."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, unb64(p256dh))
    except ValueError as error:
        raise BadKey("p256dh is not a point on the curve P-256") from error
    if len(unb64(auth)) != 16:
        raise BadKey("auth has 16 bytes")


def authorization(key: ec.EllipticCurvePrivateKey, endpoint: str, subject: str, now_s: int) -> str:
    """The Authorization header of a push to this endpoint. `subject`: mailto: or https: of whoever runs this."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": now_s + LIFE_S, "sub": subject}
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={b64(public_bytes(key))}"
