"""Published keys: fetched when needed, not more often, bounded in size and time, and kept while the issuer is away."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api import jwks
from api.errors import Refused
from api.identity import Identity
from api.jwks import Jwks
from api.rights import Actor
from api.tokens import Trust

OLD, NEW = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def listed(private: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    as_json = jwt.get_algorithm_by_name("ES256").to_jwk(private.public_key())
    return {**json.loads(as_json), "kid": kid, "alg": "ES256", "use": "sig"}


def signed(private: ec.EllipticCurvePrivateKey, kid: str | None) -> str:
    now = time.time()
    claims = {
        "sub": "c1", "role": "customer", "iat": now, "exp": now + 60, "jti": "j", "iss": "market", "aud": "ridewire"
    }
    return jwt.encode(claims, private, algorithm="ES256", headers={"kid": kid} if kid else None)


class Issuer:
    """A web server with a key set. `keys` may change, `delay_s` and `padding` make it bad."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.asked = 0
        self.padding = 0
        self.is_silent = False
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        if self.is_silent:
            await reader.read()
        body = json.dumps({"keys": self.keys, "padding": " " * self.padding}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    web = Issuer()
    server = await asyncio.start_server(web.answer, "127.0.0.1", 0)
    web.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
    async with server:
        yield web
        server.close()


async def no_guests(token: str, now: datetime) -> Refused:
    return Refused("bad_token", "no guests here")


async def no_tickets(ticket: str, now_s: float) -> Refused:
    return Refused("bad_token", "no tickets here")


def identity(issuer: Issuer) -> Identity:
    async def never(*_: object) -> bool:
        return False

    return Identity(Trust(secrets=("s" * 48,)), no_guests, Jwks(issuer.url), is_alive=never, take=no_tickets)


async def test_tokens_of_the_issuer_are_believed_and_its_keys_asked_for_once(issuer: Issuer) -> None:
    """Fifty tokens, one request; a token without `kid` works while there is one key."""
    issuer.keys = [listed(OLD, "old")]
    who = identity(issuer)
    answers = await asyncio.gather(*(who.authenticate(signed(OLD, kid)) for kid in ["old", None] * 25))
    assert all(isinstance(answer, Actor) for answer in answers)
    assert 1 == issuer.asked


async def test_strangers_cannot_make_us_knock(issuer: Issuer) -> None:
    """Unknown key ids cause one look, not one each."""
    issuer.keys = [listed(OLD, "old")]
    who = identity(issuer)
    answers = [await who.authenticate(signed(NEW, f"k{number}")) for number in range(20)]
    assert ["bad_token"] * 20 == [answer.code for answer in answers if isinstance(answer, Refused)]
    assert 1 == issuer.asked


async def test_a_new_key_is_found_and_the_old_one_goes(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer rotates: an unknown id makes us look again, once that is due."""
    monkeypatch.setattr(jwks, "LOOK_AGAIN_S", 0.0)
    issuer.keys = [listed(OLD, "old")]
    who = identity(issuer)
    assert isinstance(await who.authenticate(signed(OLD, "old")), Actor)
    issuer.keys = [listed(NEW, "new")]
    assert isinstance(await who.authenticate(signed(NEW, "new")), Actor)
    assert isinstance(await who.authenticate(signed(OLD, "old")), Refused)


async def test_an_issuer_that_was_never_reached_lets_nobody_in(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent, or far too long: fail closed, with leave to try again."""
    monkeypatch.setattr(jwks, "FETCH_S", 0.3)
    issuer.keys, issuer.is_silent = [listed(OLD, "old")], True
    assert "unavailable" == _code(await identity(issuer).authenticate(signed(OLD, "old")))
    issuer.is_silent, issuer.padding = False, jwks.MOST_BYTES
    assert "unavailable" == _code(await identity(issuer).authenticate(signed(OLD, "old")))


async def test_keys_are_kept_while_the_issuer_is_away(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key we have seen opens for a day, whatever the issuer does."""
    monkeypatch.setattr(jwks, "FRESH_S", 0.0)
    monkeypatch.setattr(jwks, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(jwks, "FETCH_S", 0.3)
    issuer.keys = [listed(OLD, "old")]
    who = identity(issuer)
    assert isinstance(await who.authenticate(signed(OLD, "old")), Actor)
    issuer.is_silent = True
    assert isinstance(await who.authenticate(signed(OLD, "old")), Actor)


async def test_secrets_and_foreign_keys_in_the_set_are_passed_over(issuer: Issuer) -> None:
    """An `oct` key in the set must not make an HS256 token good, nor spoil the others."""
    secret = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "s", "alg": "HS256"}
    issuer.keys = [secret, {"kty": "nonsense"}, listed(OLD, "old")]
    who = identity(issuer)
    now = time.time()
    claims = {"sub": "x", "role": "admin", "iat": now, "exp": now + 60, "jti": "j", "iss": "m", "aud": "ridewire"}
    forged = jwt.encode(claims, b"secret-secret-secret-secret-secret", algorithm="HS256", headers={"kid": "s"})
    assert "bad_token" == _code(await who.authenticate(forged))
    assert isinstance(await who.authenticate(signed(OLD, "old")), Actor)


def _code(answer: Actor | Refused) -> str:
    return answer.code if isinstance(answer, Refused) else "let in"
