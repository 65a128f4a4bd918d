"""Another e-mail address: proven by a code to the new one, told to the old one, for whoever knows the password."""


import httpx

from tests.api.accounts.mailbox import Mailbox
from tests.api.accounts.people import PASSWORD, Member, Newcomers
from tests.waiting import until

OLD, NEW = "ana@shop.example", "ana@home.example"


async def ask(person: Member, email: str = NEW, password: str = PASSWORD) -> httpx.Response:
    return await person.post("/api/users/me/email", {"email": email, "current_password": password})


async def confirm(person: Member, code: str, email: str = NEW) -> httpx.Response:
    return await person.post("/api/users/me/email/confirm", {"email": email, "code": code})


async def sign_in(reachable: Newcomers, email: str) -> int:
    return (await reachable.post("/api/auth/login", {"email": email, "password": PASSWORD})).status_code


async def test_a_proven_address_takes_the_old_ones_place(reachable: Newcomers, box: Mailbox) -> None:
    """Nothing changes before the code; then only the new one signs in, other sessions end, and the old one hears."""
    here, there = await reachable.member(), await reachable.member()
    assert OLD == (await here.get("/api/users/me")).json()["email"]
    assert 202 == (await ask(here)).status_code
    code = await box.code(NEW)
    assert [200, 401] == [await sign_in(reachable, each) for each in (OLD, NEW)]
    answer = await confirm(here, code)
    assert (200, NEW, True) == (answer.status_code, answer.json()["email"], answer.json()["email_verified"])
    assert [401, 200] == [await sign_in(reachable, each) for each in (OLD, NEW)]
    assert [True, False] == [await here.is_signed_in(), await there.is_signed_in()]
    assert NEW == (await here.get("/api/users/me")).json()["email"]
    assert 400 == (await confirm(here, code)).status_code
    told = await until(lambda: box.to(OLD))
    assert NEW not in str(told[0].get_payload())


async def test_neither_a_stranger_nor_a_guess_moves_an_account(reachable: Newcomers, box: Mailbox) -> None:
    """Without the password no letter leaves; another account's code and a wrong one do nothing."""
    ana, ben = await reachable.member(), await reachable.member("ben")
    refused = await ask(ana, password="not-the-one")
    assert (401, "current_password") == (refused.status_code, refused.json()["field"])
    assert 202 == (await ask(ben)).status_code
    code = await box.code(NEW)
    assert 400 == (await confirm(ana, code)).status_code
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert [400] * 5 == [(await confirm(ben, wrong)).status_code for _ in range(5)]
    assert 400 == (await confirm(ben, code)).status_code  # five were wrong
    assert [200, 200, 401] == [await sign_in(reachable, each) for each in (OLD, "ben@shop.example", NEW)]


async def test_an_address_that_somebody_has_gives_nothing_away(reachable: Newcomers, box: Mailbox) -> None:
    """The answer is the same, its owner is told, and no code leaves; who was faster keeps it."""
    ana, ben = await reachable.member(), await reachable.member("ben")
    answers = [await ask(ana, email) for email in (NEW, "ben@shop.example")]
    assert [(202, {"status": "accepted"})] * 2 == [(answer.status_code, answer.json()) for answer in answers]
    letters = await until(lambda: box.to("ben@shop.example"))
    assert "already" in str(letters[0]["Subject"])
    code = await box.code(NEW)
    assert 202 == (await ask(ben)).status_code
    assert 200 == (await confirm(ben, await box.code(NEW, 2))).status_code
    assert 400 == (await confirm(ana, code)).status_code
    foreign = reachable.service.person("rider", "r1")
    assert 404 == (await foreign.post("/api/users/me/email", {"email": NEW, "current_password": "x"})).status_code
