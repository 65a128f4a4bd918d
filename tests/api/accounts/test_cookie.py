"""The browser's cookie: what it opens, and what no foreign page can do with it."""

from itertools import product

import httpx

from tests.api.accounts.people import COOKIE, Newcomers


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(newcomers: Newcomers) -> None:
    """HttpOnly, Secure, SameSite=Strict, bound to this host by its name."""
    await newcomers.register()
    told = (await newcomers.login()).headers["set-cookie"]
    name, _, attributes = told.partition("=")
    said = {part.strip().lower() for part in attributes.split(";")[1:]}
    assert COOKIE == name
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= said
    assert not [part for part in said if part.startswith("domain")]


async def ask(newcomers: Newcomers, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    return await newcomers.http.request(method, path, headers=headers)


async def test_the_cookie_stands_for_an_access_token(newcomers: Newcomers) -> None:
    """Reading needs nothing else; changing something needs our origin and a token that our page was told."""
    ana = await newcomers.member()
    assert 200 == (await ask(newcomers, "GET", "/api/users/me", {"Cookie": ana.browser()["Cookie"]})).status_code
    assert 201 == (await ask(newcomers, "POST", "/api/auth/ticket", ana.browser())).status_code
    session = await ask(newcomers, "GET", "/api/auth/session", {"Cookie": ana.browser()["Cookie"]})
    assert (ana.told["csrf_token"], ana.sub) == (session.json()["csrf_token"], session.json()["user"]["id"])


FOREIGN = (
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"X-CSRF-Token": ""},
    {"X-CSRF-Token": "A" * 43}, {"Origin": "https://track.example.evil.example"},
)
CHANGES = (
    ("POST", "/api/auth/ticket"), ("DELETE", "/api/users/me"), ("POST", "/api/auth/refresh"),
    ("POST", "/api/auth/logout"),
)


async def test_a_foreign_page_can_change_nothing(newcomers: Newcomers) -> None:
    """403 without our origin or without the token, and the session is as it was."""
    ana = await newcomers.member()
    for headers, (method, path) in product(FOREIGN, CHANGES):
        answer = await ask(newcomers, method, path, ana.browser(**headers))
        assert (403, "csrf") == (answer.status_code, answer.json()["code"]), (headers, path)
    assert await ana.is_signed_in()


async def test_another_sessions_csrf_token_is_none(newcomers: Newcomers) -> None:
    """It belongs to one session."""
    ana, bob = await newcomers.member(), await newcomers.member("bob")
    headers = ana.browser(**{"X-CSRF-Token": bob.told["csrf_token"]})
    assert 403 == (await ask(newcomers, "POST", "/api/auth/ticket", headers)).status_code


async def test_where_people_find_the_service_is_an_origin_of_ours(newcomers: Newcomers) -> None:
    """Behind a proxy the page's origin is PUBLIC_URL, not the address of this process."""
    ana = await newcomers.member()
    headers = ana.browser(Origin="https://track.example")
    assert 201 == (await ask(newcomers, "POST", "/api/auth/ticket", headers)).status_code


async def test_a_browser_refreshes_by_its_cookie_and_is_told_no_refresh_token(newcomers: Newcomers) -> None:
    """Scripts never need to hold more than an access token."""
    ana = await newcomers.member()
    answer = await ask(newcomers, "POST", "/api/auth/refresh", ana.browser())
    assert (200, None) == (answer.status_code, answer.json()["refresh_token"])
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert 200 == (await ask(newcomers, "GET", "/api/users/me", bearer)).status_code


async def test_a_bad_cookie_is_nobody_and_a_token_goes_before_it(newcomers: Newcomers) -> None:
    """Forged, cut or empty: 401; with an Authorization header the cookie is not looked at."""
    ana = await newcomers.member()
    for value in ("", "x", ana.cookie[:-2], ana.cookie.replace("rwc_", "rwr_"), ana.refresh_token):
        answer = await ask(newcomers, "GET", "/api/users/me", {"Cookie": f"{COOKIE}={value}"})
        assert 401 == answer.status_code, value
    both = {"Cookie": f"{COOKIE}=x", "Authorization": f"Bearer {ana.bearer}"}
    assert 201 == (await ask(newcomers, "POST", "/api/auth/ticket", both)).status_code


async def test_other_origins_may_not_read_with_the_cookie(newcomers: Newcomers) -> None:
    """CORS never allows credentials, so no foreign page can read the CSRF token."""
    ana = await newcomers.member()
    headers = {"Cookie": ana.browser()["Cookie"], "Origin": "https://shop.example"}
    answer = await ask(newcomers, "GET", "/api/auth/session", headers)
    assert "access-control-allow-credentials" not in answer.headers
