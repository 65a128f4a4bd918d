"""Six digits by e-mail: once, for ten minutes, five tries, and nothing for strangers to learn."""

import asyncio

import httpx
import msgspec
import pytest
import redis.asyncio as aioredis

from api.accounts.codes import MOST_TRIES, Codes
from api.notices.sending import send_notices
from infra.clients import Database
from infra.settings import Settings
from tests.api.accounts.mailbox import Mailbox
from tests.api.accounts.people import PASSWORD, Newcomers
from tests.api.notices.telling import step, tell
from tests.api.serving import SECRET, serving
from tests.ending import cancelled
from tests.waiting import until

ANA, NEW = "ana@shop.example", "amber-lantern-77"


@pytest.fixture
def codes(redis_client: aioredis.Redis, prefix: str) -> Codes:
    """Codes alone."""
    return Codes(redis_client, prefix, [SECRET])


async def ask(reachable: Newcomers, purpose: str, email: str = ANA) -> httpx.Response:
    return await reachable.post("/api/auth/codes", {"email": email, "purpose": purpose})


async def reset(reachable: Newcomers, code: str, password: str = NEW) -> httpx.Response:
    return await reachable.post("/api/auth/password-reset", {"email": ANA, "code": code, "password": password})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_code_proves_an_address_once(reachable: Newcomers, box: Mailbox) -> None:
    """Six digits by e-mail; the second use is refused."""
    ana = await reachable.member()
    assert 202 == (await ask(reachable, "verify")).status_code
    code = await box.code(ANA)
    body = {"email": "Ana@Shop.example", "code": code}
    answers = [await reachable.post("/api/auth/codes/verify", body) for _ in range(2)]
    assert [200, 400] == [answer.status_code for answer in answers]
    assert "bad_code" == answers[1].json()["code"]
    assert (await ana.get("/api/users/me")).json()["email_verified"] is True
    assert "Shop <no-reply@shop.example>" == box.to(ANA)[0]["From"]


async def test_notifications_are_mailed_to_a_proven_address_alone(
    reachable: Newcomers, box: Mailbox, database: Database, redis_client: aioredis.Redis
) -> None:
    """Nobody enters it again, and an address that was only claimed gets nothing."""
    ana, bob = await reachable.member(), await reachable.member("bob")
    await ask(reachable, "verify")
    await reachable.post("/api/auth/codes/verify", {"email": ANA, "code": await box.code(ANA)})
    service = reachable.service
    for person in (bob, ana):
        await tell(service, step(f"o-{person.sub}", "order_placed", 1, customer=person.sub))
    circuits = service.app.world.circuits
    sending = asyncio.create_task(send_notices(service.app.settings, redis_client, database, circuits))
    done = {"user": bob.sub, "also": []}
    await until(lambda: database.notifications.find_one(done))
    [_, letter] = await until(lambda: found if len(found := box.to(ANA)) == 2 else None)
    await cancelled(sending)
    assert "is placed" in letter["Subject"]
    assert [] == box.to("bob@shop.example")


async def test_a_new_password_by_code_ends_every_session(reachable: Newcomers, box: Mailbox) -> None:
    """The old password and the code are dead, the new one works, and the address counts as proven."""
    ana = await reachable.member()
    await ask(reachable, "password_reset")
    code = await box.code(ANA)
    assert 200 == (await reset(reachable, code)).status_code
    assert not await ana.is_signed_in()
    assert [401, 200] == [(await reachable.login(password=each)).status_code for each in (PASSWORD, NEW)]
    assert 400 == (await reset(reachable, code)).status_code


async def test_a_code_for_one_thing_is_none_for_another(reachable: Newcomers, box: Mailbox) -> None:
    """A code that proves the address sets no password, and is still good for what it is for."""
    await reachable.member()
    await ask(reachable, "verify")
    code = await box.code(ANA)
    assert 400 == (await reset(reachable, code)).status_code
    assert 200 == (await reachable.post("/api/auth/codes/verify", {"email": ANA, "code": code})).status_code


async def test_a_weak_password_leaves_the_code_as_it_is(reachable: Newcomers, box: Mailbox) -> None:
    """Refused before the code is looked at."""
    await reachable.member()
    await ask(reachable, "password_reset")
    code = await box.code(ANA)
    assert "weak_password" == (await reset(reachable, code, "aaaaaaaa")).json()["code"]
    assert 200 == (await reset(reachable, code)).status_code


async def test_a_new_code_takes_the_place_of_the_old_one(reachable: Newcomers, box: Mailbox) -> None:
    """And after five within an hour no more leave, while the answer stays the same."""
    await reachable.member()
    answers = [await ask(reachable, "password_reset") for _ in range(2)]
    first, second = await box.code(ANA, 1), await box.code(ANA, 2)
    if first != second:
        assert 400 == (await reset(reachable, first)).status_code
    answers += [await ask(reachable, "password_reset") for _ in range(5)]
    last = await box.code(ANA, 5)
    assert {(202, answers[0].text)} == {(answer.status_code, answer.text) for answer in answers}
    assert 200 == (await reset(reachable, last)).status_code
    assert 5 == len(box.to(ANA))


async def test_an_address_that_nobody_has_gets_the_same_answer_and_no_letter(
    reachable: Newcomers, box: Mailbox
) -> None:
    """Nor is one written to somebody proven, or is anything said when registering twice; the owner is told."""
    await reachable.register()
    known, unknown = await ask(reachable, "password_reset"), await ask(reachable, "password_reset", "zoe@shop.example")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    body = {"code": "000000", "password": NEW}
    tried = [
        await reachable.post("/api/auth/password-reset", body | {"email": email})
        for email in (ANA, "zoe@shop.example", "never@shop.example")
    ]
    assert 1 == len({(answer.status_code, answer.text) for answer in tried})
    await reachable.register()
    await box.code(ANA)
    subjects = {str(letter["Subject"]) for letter in box.letters}
    assert {"Set a new password", "You have an account already"} >= subjects
    assert [] == box.to("zoe@shop.example")


async def test_without_a_mail_server_the_answer_is_the_same_and_health_says_so(
    settings: Settings, database: object, box: Mailbox
) -> None:
    """202 to whoever asks; `off` to whoever runs it, `up` where it is set up."""
    for url, status in (("", "off"), (box.url, "up")):
        async with serving(msgspec.structs.replace(settings, smtp_url=url)) as service:
            reachable = Newcomers(service)
            await reachable.register()
            assert 202 == (await ask(reachable, "verify")).status_code
            assert status == (await reachable.http.get("/health/services/email")).json()["status"]


async def test_the_sixth_try_is_none(codes: Codes) -> None:
    """After five wrong ones the right code is dead too."""
    code = await codes.make(ANA, "verify")
    tries = [await codes.take(ANA, "verify", wrong(code)) for _ in range(MOST_TRIES)]
    assert [False] * (MOST_TRIES + 1) == [*tries, await codes.take(ANA, "verify", code)]


async def test_of_two_hundred_parallel_guesses_five_are_looked_at(codes: Codes) -> None:
    """The right one among them late comes too late, and of parallel right ones one counts."""
    code = await codes.make(ANA, "verify")
    guesses = [wrong(code)] * 199 + [code]
    assert not any(await asyncio.gather(*(codes.take(ANA, "verify", guess) for guess in guesses)))
    code = await codes.make(ANA, "verify")
    assert 1 == sum(await asyncio.gather(*(codes.take(ANA, "verify", code) for _ in range(MOST_TRIES))))


async def test_a_code_lives_ten_minutes_and_stands_nowhere(
    codes: Codes, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Its key names address and purpose, its value is a MAC; another secret knows it no more."""
    code = await codes.make(ANA, "password_reset")
    key = f"{prefix}:verification:{ANA}:password_reset"
    assert 590 < await redis_client.ttl(key) <= 600
    kept = await redis_client.hgetall(key)
    assert code not in str(kept)
    assert code not in key
    assert code.isdigit()
    assert 6 == len(code)
    assert not await Codes(redis_client, prefix, ["x" * 40]).take(ANA, "password_reset", code)
    assert await Codes(redis_client, prefix, ["x" * 40, SECRET]).take(ANA, "password_reset", code)
