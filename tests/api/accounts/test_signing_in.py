"""Sign up, in, on and out, as a stranger and as a member see it."""

import asyncio
import math
import statistics
import time
from typing import Any

import msgspec

from infra.clients import Database
from infra.settings import Settings
from tests.api.accounts.people import PASSWORD, Newcomers
from tests.api.serving import Service, asking, serving


async def test_who_signs_up_can_sign_in_and_is_somebody(newcomers: Newcomers) -> None:
    """Register, login, and the access token says who it is, on REST and on the socket."""
    registered = await newcomers.register("ana", "vendor")
    assert (201, {"email": "ana@shop.example", "role": "vendor", "name": "Ana"}) == (
        registered.status_code, registered.json()
    )
    ana = await newcomers.member("ana")
    me = (await ana.get("/api/users/me")).json()
    assert (ana.sub, "vendor", "Ana", "ana@shop.example", True, False) == tuple(
        me[name] for name in ("id", "role", "name", "email", "local", "email_verified")
    )
    assert ("Bearer", 900) == (ana.told["token_type"], ana.told["expires_in"])
    async with ana.socket() as socket:
        assert ana.sub == socket.welcome["sub"]


async def test_staff_are_made_by_an_admin_only(newcomers: Newcomers) -> None:
    """Without a token 401, with a vendor's 403, with an admin's 201."""
    vendor, admin = newcomers.service.person("vendor", "v1"), newcomers.service.person("admin", "a1")
    for role in ("dispatcher", "admin"):
        body = {"email": f"{role}@shop.example", "password": PASSWORD, "role": role}
        answers = [await someone.post("/api/auth/register", body) for someone in (newcomers, vendor, admin)]
        assert [401, 403, 201] == [answer.status_code for answer in answers]
        assert role == (await newcomers.login(role)).json()["user"]["role"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"email": "ana"}, "email"), ({"email": "a na@shop.example"}, "email"), ({"password": "short"}, "password"),
    ({"password": "aaaaaaaa"}, "password"), ({"role": "king"}, "role"), ({"email": {"$ne": None}}, "email"),
    ({"email_verified": True}, "email_verified"), ({"name": "a\nb"}, "name"),
]


async def test_what_does_not_fit_is_refused_and_makes_nobody(newcomers: Newcomers, database: Database) -> None:
    """400 that names the field; fields nobody asked for are refused, operators are no strings."""
    for wrong, field in WRONG:
        answer = await newcomers.register_with(**wrong)
        problem = answer.json()
        assert 400 == answer.status_code, wrong
        assert field in problem.get("field", "") + problem["detail"]
    assert 0 == await database.accounts.count_documents({})


async def test_only_an_argon2id_hash_of_a_password_is_kept(newcomers: Newcomers, database: Database) -> None:
    """With OWASP's parameters or better, and the password stands nowhere."""
    await newcomers.register("ana")
    kept = await database.accounts.find_one({})
    assert kept is not None
    assert kept["password"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in str(kept)


async def test_a_known_address_is_not_given_away(newcomers: Newcomers) -> None:
    """Registering twice and signing in with a wrong password answer alike for known and unknown addresses."""
    await newcomers.register("ana")
    again, fresh = await newcomers.register("ana"), await newcomers.register("bob")
    assert again.status_code == fresh.status_code == 201
    assert again.text.replace("ana", "bob").replace("Ana", "Bob") == fresh.text
    known, unknown = await newcomers.login("ana", "not-the-one"), await newcomers.login("zoe", "not-the-one")
    assert (401, "bad_credentials", known.text) == (known.status_code, known.json()["code"], unknown.text)
    assert 200 == (await newcomers.login("ana")).status_code


async def test_the_clock_tells_no_stranger_who_has_an_account(settings: Settings, database: object) -> None:
    """Sign-ins with known and unknown addresses, taken in turns, take as long: a rank test sees no difference."""
    free = msgspec.structs.replace(settings, rate_limit_address_per_minute=0)
    async with serving(free) as service:
        newcomers = Newcomers(service)
        for number in range(10):
            await newcomers.register(f"known{number}")
        took: dict[str, list[float]] = {"known": [], "never": []}
        for number in range(60):
            for who, times in took.items():
                began = time.perf_counter()
                answer = await newcomers.login(f"{who}{number % 10}", "not-the-one")
                times.append(time.perf_counter() - began)
                assert 401 == answer.status_code
    assert abs(rank_score(took["known"], took["never"])) < 4.4, {who: statistics.median(took[who]) for who in took}


def rank_score(some: list[float], others: list[float]) -> float:
    """Mann-Whitney's U as a standard score: beyond 4.4 the two differ with p < 0.00002."""
    wins = sum((one > other) + 0.5 * (one == other) for one in some for other in others)
    count = len(some) * len(others)
    return (wins - count / 2) / math.sqrt(count * (len(some) + len(others) + 1) / 12)


async def test_guessing_one_password_is_stopped_whoever_guesses(newcomers: Newcomers) -> None:
    """After twenty wrong ones within a minute the address is refused, also with the right one; others are not."""
    await newcomers.register("ana")
    answers = await asyncio.gather(*(newcomers.login("ana", f"guess-number-{number}") for number in range(30)))
    assert [401] * 20 + [429] * 10 == sorted(answer.status_code for answer in answers)
    refused = await newcomers.login("ana")
    assert (429, True) == (refused.status_code, 0 < int(refused.headers["retry-after"]) <= 60)
    assert 200 == (await newcomers.member("bob") and 200)


async def test_a_refresh_token_is_good_once(newcomers: Newcomers) -> None:
    """Its answer brings the next one, and an access token of the same session."""
    ana = await newcomers.member()
    answer = await newcomers.post("/api/auth/refresh", {"refresh_token": ana.refresh_token})
    fresh = newcomers.of(answer)
    assert 200 == answer.status_code
    assert ana.refresh_token != fresh.refresh_token
    assert ana.bearer != fresh.bearer
    assert await fresh.is_signed_in()


async def test_twenty_parallel_refreshes_make_one_chain(newcomers: Newcomers) -> None:
    """Two tabs, or a lost answer: within the grace each gets the same successor."""
    ana = await newcomers.member()
    body = {"refresh_token": ana.refresh_token}
    answers = await asyncio.gather(*(newcomers.post("/api/auth/refresh", body) for _ in range(20)))
    assert [200] * 20 == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["refresh_token"] for answer in answers})


async def test_an_old_refresh_token_ends_the_whole_session(newcomers: Newcomers) -> None:
    """Two generations back is theft: the newest token, the access token and the cookie die too."""
    ana = await newcomers.member()
    first = ana.refresh_token
    for _ in range(2):
        answer = await newcomers.post("/api/auth/refresh", {"refresh_token": ana.refresh_token})
        ana = newcomers.of(answer)
    stolen = await newcomers.post("/api/auth/refresh", {"refresh_token": first})
    newest = await newcomers.post("/api/auth/refresh", {"refresh_token": ana.refresh_token})
    assert [(401, "revoked")] * 2 == [(each.status_code, each.json()["code"]) for each in (stolen, newest)]
    assert not await ana.is_signed_in()


async def test_an_invented_refresh_token_harms_nobody(newcomers: Newcomers) -> None:
    """Who knows a session's id, but none of its tokens, cannot end it."""
    ana = await newcomers.member()
    head, _, _ = ana.refresh_token.rpartition(".")
    for forged in (f"{head}.{'A' * 43}", ana.refresh_token[:-1] + "AB"[ana.refresh_token[-1] == "A"], "rwr_", "x" * 400,
                   ana.bearer[:390]):
        assert 401 == (await newcomers.post("/api/auth/refresh", {"refresh_token": forged})).status_code
    assert await ana.is_signed_in()


async def test_a_refresh_token_is_no_access_token_and_the_other_way_round(newcomers: Newcomers) -> None:
    """Neither opens what the other opens."""
    ana = await newcomers.member()
    as_access = await newcomers.http.get("/api/users/me", headers={"Authorization": f"Bearer {ana.refresh_token}"})
    assert 401 == as_access.status_code


async def test_signing_out_ends_everything_of_this_session_and_no_other(newcomers: Newcomers) -> None:
    """Access token, refresh token and cookie are dead at once; the same person's other session lives."""
    phone, desk = await newcomers.member(), await newcomers.member()
    gone = await phone.post("/api/auth/logout")
    assert 204 == gone.status_code
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert not await phone.is_signed_in()
    assert 401 == (await newcomers.post("/api/auth/refresh", {"refresh_token": phone.refresh_token})).status_code
    assert 401 == (await newcomers.http.get("/api/auth/session", headers=phone.browser())).status_code
    assert await desk.is_signed_in()
    assert 204 == (await newcomers.post("/api/auth/logout", {"refresh_token": desk.refresh_token})).status_code
    assert not await desk.is_signed_in()


async def test_fifty_parallel_sign_ins_do_not_hold_up_the_loop(service: Service, newcomers: Newcomers) -> None:
    """Hashing happens in threads: others are answered meanwhile, and nobody is turned away."""
    for number in range(5):
        await newcomers.register(f"one{number}")
    signing_in = asyncio.gather(*(newcomers.login(f"one{number % 5}") for number in range(50)))
    answered = 0
    while not signing_in.done():
        assert 200 == (await newcomers.http.get("/health")).status_code
        answered += 1
    assert {200} == {answer.status_code for answer in await signing_in}
    assert answered > 10


async def test_accounts_need_a_secret(settings: Settings, database: object) -> None:
    """With published keys alone nobody can be signed in here, and the answer says so."""
    foreign = msgspec.structs.replace(settings, jwt_secret="", jwks_url="http://127.0.0.1:9/keys")
    async with serving(foreign) as service, asking(service.url) as http:
        answer = await http.post("/api/auth/login", json={"email": "ana@shop.example", "password": PASSWORD})
    assert (404, "disabled") == (answer.status_code, answer.json()["code"])
