"""Access tokens: which JWTs we believe, and how we make our own. Nothing here awaits; keys and time are parameters.

The algorithm decides the family of keys (HS256 the shared secrets, RS256 and ES256 the published ones), never the other
way round, so a public key is never tried as a secret. Header fields that bring keys along (jwk, jku, x5u) are not read.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import jwt
import msgspec

from api.errors import Refused
from api.rights import Actor

OUR_ISSUER = "ridewire"
LONGEST_TOKEN = 8192
CLOCK_SKEW_S = 60
PUBLISHED = ("RS256", "ES256")
TYPES = (None, "JWT", "AT+JWT", "APPLICATION/AT+JWT")

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f\s]+$")]


class Claims(msgspec.Struct, frozen=True):
    """What a token must say. Other claims are allowed and not read."""

    sub: Text
    role: Literal["customer", "vendor", "rider", "dispatcher", "admin"]
    iat: float
    exp: float
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    iss: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    aud: str | list[str]
    nbf: float = 0
    name: Annotated[str, msgspec.Meta(max_length=256)] = ""
    sid: Any = None  # ours: the session it lives and dies with; other issuers mean other things by it


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Whom we believe. `secrets`: the current one first, older ones still accepted. `issuers`: empty means any."""

    secrets: tuple[str, ...]
    audience: str = "ridewire"
    issuers: tuple[str, ...] = ()


class Header(msgspec.Struct, frozen=True):
    """What a token claims about its own signature."""

    alg: str = ""
    kid: str | None = None
    typ: str | None = None


_SIGNATURES = jwt.PyJWS()
_NOT_OURS = Refused("bad_token", "The token is not one of ours: its signature or form is wrong.")


def read_header(token: str) -> Header | Refused:
    """The unverified header, to know which key to ask for."""
    if len(token) > LONGEST_TOKEN:
        return Refused("bad_token", f"The token is {len(token)} characters long; the limit is {LONGEST_TOKEN}.")
    try:
        header = msgspec.convert(_SIGNATURES.get_unverified_header(token), Header)
    except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
        return _NOT_OURS
    if (header.typ.upper() if header.typ else None) not in TYPES:
        return Refused("bad_token", "The token is of another kind than an access token.")
    return header


def _payload(token: str, keys: Sequence[Any], algorithm: str) -> Mapping[str, Any] | None:
    """The claims, if any of the keys signed them with exactly this algorithm."""
    for key in keys:
        try:
            return msgspec.json.decode(_SIGNATURES.decode(token, key, algorithms=[algorithm]), type=dict[str, Any])
        except (jwt.PyJWTError, msgspec.DecodeError, ValueError, RecursionError):
            continue
    return None


def check(token: str, trust: Trust, now: float, published: jwt.PyJWK | None = None) -> Actor | Refused:
    """The actor behind a token at `now` (epoch seconds). `published`: the issuer's public key for its `kid`, if any."""
    header = read_header(token)
    if isinstance(header, Refused):
        return header
    keys: Sequence[Any] = ()
    if header.alg == "HS256":
        keys = trust.secrets
    elif header.alg in PUBLISHED and published is not None and published.algorithm_name == header.alg:
        keys = (published.key,)
    payload = _payload(token, keys, header.alg)
    if payload is None:
        return _NOT_OURS
    try:
        claims = msgspec.convert(payload, Claims)
    except msgspec.ValidationError as error:
        return Refused("bad_token", f"The token's claims are not as they must be: {error}")
    session = claims.sid if claims.iss == OUR_ISSUER and isinstance(claims.sid, str) else ""
    return _refuse_claims(claims, trust, now) or Actor(
        sub=claims.sub, role=claims.role, expires_at=claims.exp, token_id=claims.jti, name=claims.name, session=session
    )


def _refuse_claims(claims: Claims, trust: Trust, now: float) -> Refused | None:
    """Why a well-signed token is not for us or not for now."""
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if trust.audience not in audiences:
        return Refused("bad_token", "The token was made for another audience.")
    if trust.issuers and claims.iss not in (*trust.issuers, OUR_ISSUER):
        return Refused("bad_token", "The token's issuer is not one we trust.")
    if claims.exp <= now:
        return Refused("expired_token", "The token has expired; get a new one.")
    if max(claims.iat, claims.nbf) > now + CLOCK_SKEW_S:
        return Refused("bad_token", "The token is not valid yet.")
    return None


def issue(
    trust: Trust, sub: str, role: str, ttl_s: int, name: str = "", *, now: float, token_id: str = "", session: str = ""
) -> str:
    """A token of our own, good for `ttl_s` seconds. Raises ValueError where nobody could use it."""
    if not trust.secrets:
        raise ValueError("tokens cannot be issued without JWT_SECRET; with JWKS_URL alone the other issuer makes them")
    claims: dict[str, Any] = {
        "sub": sub, "role": role, "iat": int(now), "exp": int(now) + ttl_s, "jti": token_id or uuid.uuid4().hex,
        "iss": OUR_ISSUER, "aud": trust.audience,
    }
    claims |= {key: value for key, value in (("name", name), ("sid", session)) if value}
    try:
        msgspec.convert(claims, Claims)
    except msgspec.ValidationError as error:
        raise ValueError(f"no token for sub {sub!r}, role {role!r}: {error}") from error
    return jwt.encode(claims, trust.secrets[0], algorithm="HS256")
