"""Signing in with another login: through a provider that is real, and past one that lies."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.accounts.oidc.provider import Provider, Who, providers, who_is
from api.errors import Refused
from infra.settings import Settings
from tests.api.accounts.people import Newcomers
from tests.api.accounts.provider import CLIENT_ID, CLIENT_SECRET, STRANGERS_KEY, OpenIdProvider, open_id_provider, parts
from tests.api.serving import Service, serving

BEGIN, JSON = "/api/auth/oauth/acme/login", {"Accept": "application/json"}
KEPT = "__Host-ridewire-oauth"


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[OpenIdProvider]:
    """A provider."""
    async with open_id_provider(tmp_path) as provider:
        yield provider


@pytest.fixture
async def service(settings: Settings, database: object, acme: OpenIdProvider) -> AsyncIterator[Service]:
    """A service whose people may come by it."""
    own = msgspec.structs.replace(
        settings, oidc_issuers=(f"acme={acme.issuer}",), oidc_client_ids=(f"acme={CLIENT_ID}",),
        oidc_client_secrets=(f"acme={CLIENT_SECRET}",), oidc_ca_file=str(acme.certificate),
    )
    async with serving(own) as process:
        yield process


class Visit:
    """A browser's way there and back."""

    def __init__(self, newcomers: Newcomers, acme: OpenIdProvider) -> None:
        self.newcomers, self.acme, self.kept = newcomers, acme, ""

    async def leave(self, query: str = "") -> str:
        """To the provider; the address it sends the browser back to."""
        away = await self.newcomers.http.get(BEGIN + query)
        assert 302 == away.status_code, away.text
        told = away.headers["set-cookie"]
        assert {"httponly", "secure", "samesite=lax"} <= {part.strip().lower() for part in told.split(";")}
        self.kept = told.split("=", 1)[1].split(";")[0]
        trusted = ssl.create_default_context(cafile=str(self.acme.certificate))
        async with httpx.AsyncClient(verify=trusted, trust_env=False) as browser:
            back = await browser.get(away.headers["location"])
        assert 302 == back.status_code, back.text
        return str(back.headers["location"])

    async def come_back(
        self, address: str, kept: str | None = None, accept: str = "application/json"
    ) -> httpx.Response:
        """With what the provider sent along, and what the browser kept."""
        path, query = parts(address)
        headers = {"Accept": accept, "Cookie": f"{KEPT}={self.kept if kept is None else kept}"}
        return await self.newcomers.http.get(path, params=query, headers=headers)

    async def whole(self, query: str = "") -> httpx.Response:
        """There and back."""
        return await self.come_back(await self.leave(query))


@pytest.fixture
def visit(newcomers: Newcomers, acme: OpenIdProvider) -> Visit:
    """A browser."""
    return Visit(newcomers, acme)


async def test_whoever_a_provider_vouches_for_is_signed_in(visit: Visit, newcomers: Newcomers) -> None:
    """A new account of the wanted role with a proven address; next time it is the same account."""
    first = newcomers.of(await visit.whole("?role=rider"))
    again = newcomers.of(await visit.whole())
    user = first.told["user"]
    assert ("rider", "ana@shop.example", "Ana", True) == tuple(
        user[name] for name in ("role", "email", "name", "email_verified")
    )
    assert first.sub == again.sub
    assert await again.is_signed_in()


async def test_a_browser_comes_back_to_the_page_with_its_cookie(visit: Visit, newcomers: Newcomers) -> None:
    """No token stands in any address."""
    back = await visit.come_back(await visit.leave(), accept="text/html")
    assert (303, "/login#back") == (back.status_code, back.headers["location"])
    cookies = dict(told.split(";")[0].split("=", 1) for told in back.headers.get_list("set-cookie"))
    assert "" == cookies[KEPT].strip('"')
    session = await newcomers.http.get(
        "/api/auth/session", headers={"Cookie": f"__Host-ridewire={cookies['__Host-ridewire']}"}
    )
    assert "ana@shop.example" == session.json()["user"]["email"]


async def test_the_way_back_is_for_this_browser_and_this_attempt_once(visit: Visit) -> None:
    """Another browser's keepsake, a state that is unknown or was used, a changed code: nobody is signed in."""
    address = await visit.leave()
    assert 400 == (await visit.come_back(address, kept="x" * 64)).status_code
    assert 400 == (await visit.come_back(address)).status_code
    address = await visit.leave()
    assert 400 == (await visit.come_back(address.replace("state=", "state=x"))).status_code
    address = await visit.leave()
    assert 401 == (await visit.come_back(address.replace("code=", "code=x"))).status_code
    denied = (await visit.leave()).replace("code=", "error=access_denied&not=")
    refused = await visit.come_back(denied, accept="text/html")
    assert "/login#back&problem=forbidden" == refused.headers["location"]


LIES: list[dict[str, Any]] = [
    {"nonce": "another"}, {"aud": "another"}, {"iss": "https://another.example"}, {"exp": 1_000_000_000},
    {"aud": [CLIENT_ID, "another"]}, {"azp": "another"}, {"email_verified": False}, {"email": ""}, {"sub": ""},
]


async def test_a_lie_lets_nobody_in(visit: Visit, acme: OpenIdProvider, newcomers: Newcomers) -> None:
    """Another nonce, audience, issuer, party; too old; an address that is not proven; a stranger's signature."""
    for lie in LIES:
        acme.lie = lie
        assert (await visit.whole()).status_code in (401, 403), lie
    acme.lie, acme.signs_with = {}, STRANGERS_KEY
    assert 401 == (await visit.whole()).status_code
    assert 0 == await newcomers.service.app.world.accounts.store.db.accounts.count_documents({})


async def test_a_provider_that_calls_itself_something_else_is_not_asked(visit: Visit, acme: OpenIdProvider) -> None:
    """Its own description must name the issuer we know."""
    acme.told_issuer = "https://another.example"
    assert 503 == (await visit.newcomers.http.get(BEGIN)).status_code


async def test_who_took_an_address_without_proving_it_loses_it_to_its_owner(
    visit: Visit, newcomers: Newcomers
) -> None:
    """A password set beforehand by a stranger opens nothing once the owner comes by the provider."""
    stranger = await newcomers.member("ana")
    owner = newcomers.of(await visit.whole())
    assert stranger.sub == owner.sub
    assert [False, True] == [await stranger.is_signed_in(), await owner.is_signed_in()]
    assert 401 == (await newcomers.login("ana")).status_code


async def test_nobody_becomes_staff_by_a_provider_and_unknown_ones_are_none(newcomers: Newcomers) -> None:
    """403 and 404."""
    assert 403 == (await newcomers.http.get(f"{BEGIN}?role=admin")).status_code
    assert 404 == (await newcomers.http.get("/api/auth/oauth/nobody/login")).status_code


def test_a_provider_needs_all_three_settings() -> None:
    """One without a secret is none."""
    known = providers(("a=https://a.example", "b=https://b.example"), ("a=1", "b=2"), ("a=s=s",))
    assert {"a": Provider("a", "https://a.example", "1", "s=s")} == known


def test_an_address_counts_when_the_provider_says_that_it_is_proven() -> None:
    """As a boolean, or as the text some send."""
    provider = Provider("a", "https://a.example", "me", "s")
    claims = {"sub": "1", "nonce": "n", "aud": "me", "email": "a@b.example"}
    for verified, is_let_in in ((True, True), ("true", True), (False, False), ("false", False)):
        found = who_is(claims | {"email_verified": verified}, provider, "n")
        assert is_let_in is isinstance(found, Who), verified
    assert isinstance(who_is(claims, provider, "n"), Refused)
