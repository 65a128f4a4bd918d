"""Tokens: every known way of forging one is refused, and the two ways of making one work."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from api.errors import Refused, meaning
from api.rights import Actor
from api.tokens import Trust, check, issue, read_header

NOW = 1_800_000_000.0
SECRET = "s" * 48
TRUST = Trust(secrets=(SECRET,))
GOOD: dict[str, Any] = {
    "sub": "c1", "role": "customer", "iat": NOW - 5, "exp": NOW + 60, "jti": "j1", "iss": "market", "aud": "ridewire"
}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def signed(claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=header or None)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def published(private: Any, algorithm: str) -> jwt.PyJWK:
    family = jwt.get_algorithm_by_name(algorithm)
    return jwt.PyJWK({**json.loads(family.to_jwk(private.public_key())), "alg": algorithm, "kid": "k1"})


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_an_issued_token_is_believed() -> None:
    """What we issue we accept, with sub, role, name and end."""
    token = issue(TRUST, "r1", "rider", 900, "Rita", now=NOW, token_id="t1")
    expected = Actor(sub="r1", role="rider", expires_at=NOW + 900, token_id="t1", name="Rita")
    assert expected == check(token, TRUST, NOW)


def test_a_foreign_issuer_with_the_shared_secret_is_believed() -> None:
    """Any `iss` will do unless JWT_ISSUERS names some."""
    assert isinstance(check(signed(GOOD), TRUST, NOW), Actor)


@pytest.mark.parametrize("missing", ["sub", "role", "iat", "exp", "jti", "iss", "aud"])
def test_each_claim_is_required(missing: str) -> None:
    """PyJWT would let a token without `exp` live for ever; we do not."""
    refused = check(signed(without(missing)), TRUST, NOW)
    assert isinstance(refused, Refused)
    assert "bad_token" == refused.code
    assert missing in refused.message


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": NOW}, "expired_token"), ({"exp": NOW - 1}, "expired_token"), ({"exp": "soon"}, "bad_token"),
        ({"aud": "elsewhere"}, "bad_token"), ({"aud": []}, "bad_token"), ({"role": "guest"}, "bad_token"),
        ({"role": "root"}, "bad_token"), ({"sub": ""}, "bad_token"), ({"sub": 7}, "bad_token"),
        ({"sub": "a b"}, "bad_token"), ({"sub": "x" * 129}, "bad_token"), ({"nbf": NOW + 3600}, "bad_token"),
        ({"iat": NOW + 3600}, "bad_token"),
    ],
)
def test_wrong_claims_are_refused(changed: dict[str, Any], code: str) -> None:
    """A good signature does not make a bad claim good."""
    refused = check(signed(GOOD | changed), TRUST, NOW)
    assert isinstance(refused, Refused)
    assert (code, 401, 4500) == (refused.code, meaning(refused.code).status, meaning(refused.code).close)


def test_one_audience_of_several_is_enough() -> None:
    """`aud` may be a list."""
    assert isinstance(check(signed(GOOD | {"aud": ["other", "ridewire"]}), TRUST, NOW), Actor)


def test_named_issuers_shut_out_the_others() -> None:
    """With JWT_ISSUERS set, only those and ourselves."""
    trust = Trust(secrets=(SECRET,), issuers=("market",))
    assert isinstance(check(signed(GOOD), trust, NOW), Actor)
    assert isinstance(check(issue(trust, "a", "admin", 60, now=NOW), trust, NOW), Actor)
    assert isinstance(check(signed(GOOD | {"iss": "evil"}), trust, NOW), Refused)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS384", "HS512", "PS256"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    """`alg: none` in any spelling, and every algorithm not on the list."""
    token = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(GOOD)}."
    assert isinstance(check(token, TRUST, NOW), Refused)


def test_a_public_key_is_never_tried_as_a_secret() -> None:
    """Signing HS256 with the published key's text (key confusion) gives nothing."""
    key = published(RSA, "RS256")
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(GOOD)}"
    forged = base64.urlsafe_b64encode(hmac.digest(pem, body.encode(), "sha256")).rstrip(b"=").decode()
    assert isinstance(check(f"{body}.{forged}", TRUST, NOW, key), Refused)


@pytest.mark.parametrize(("private", "algorithm"), [(RSA, "RS256"), (CURVE, "ES256")])
def test_a_published_key_is_believed_for_its_own_algorithm_only(private: Any, algorithm: str) -> None:
    """RS256 and ES256 work with the issuer's key, and not with another family's."""
    token = signed(GOOD, private, algorithm, kid="k1")
    other = published(*((CURVE, "ES256") if algorithm == "RS256" else (RSA, "RS256")))
    assert isinstance(check(token, TRUST, NOW, published(private, algorithm)), Actor)
    assert isinstance(check(token, TRUST, NOW, other), Refused)
    assert isinstance(check(token, TRUST, NOW), Refused)


def test_a_token_that_brings_its_own_key_is_refused() -> None:
    """`jwk` in the header is not read."""
    own = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(CURVE.public_key()))
    token = signed(GOOD, CURVE, "ES256", jwk=own, jku="https://evil.example/keys", kid="../../../dev/null")
    assert isinstance(check(token, TRUST, NOW), Refused)


def test_a_token_of_another_type_is_refused() -> None:
    """A refresh or identity token signed with the same key is no access token."""
    assert isinstance(check(signed(GOOD, typ="refresh+jwt"), TRUST, NOW), Refused)
    assert isinstance(check(signed(GOOD, typ="at+jwt"), TRUST, NOW), Actor)


def test_an_older_secret_still_opens_and_no_longer_signs() -> None:
    """Rotation: tokens made before the change live until they expire."""
    old, rotated = Trust(secrets=("o" * 48,)), Trust(secrets=(SECRET, "o" * 48))
    assert isinstance(check(issue(old, "a", "admin", 60, now=NOW), rotated, NOW), Actor)
    assert isinstance(check(issue(rotated, "a", "admin", 60, now=NOW), old, NOW), Refused)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=5))
def test_one_flipped_bit_spoils_it(position: int, bit: int) -> None:
    """No character of a token can change without it being refused."""
    token = signed(GOOD)
    index = position % len(token)
    flipped = token[:index] + chr(ord(token[index]) ^ (1 << bit)) + token[index + 1 :]
    answer = check(flipped, TRUST, NOW)
    # The last character of a base64url part may carry unused bits: then the bytes are the very same.
    assert isinstance(answer, Refused) or check(token, TRUST, NOW) == answer


@given(st.text(max_size=300))
def test_garbage_is_refused_without_an_exception(text: str) -> None:
    """Whatever a stranger sends, the answer is a value."""
    assert isinstance(read_header(text), Refused)
    assert isinstance(check(text, TRUST, NOW), Refused)


def test_nobody_issues_what_nobody_would_accept() -> None:
    """A wrong role or an unusable sub fails at the one who asks."""
    with pytest.raises(ValueError, match="role 'king'"):
        issue(TRUST, "x", "king", 60, now=NOW)
    with pytest.raises(ValueError, match="JWT_SECRET"):
        issue(Trust(secrets=()), "x", "admin", 60, now=NOW)
