"""Sessions: how long they last, who may end them, and what ends with them."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest
import redis.asyncio as aioredis

from api.accounts.account import Account, Device
from api.accounts.desk import utc_now
from api.accounts.sessions import MOST_SESSIONS, Sessions
from client.connection import Connection
from client.errors import ConnectionLost, RequestRefused
from infra.settings import Settings
from tests.api.accounts.people import PASSWORD, Newcomers
from tests.api.notices.telling import step, tell
from tests.api.serving import Person, Service, serving
from tests.waiting import SCALE, until

NOW_MS = int(time.time() * 1000)
DAY_MS, IDLE_MS = 86_400_000, 900_000
ANA = Account(id="ana1", email="ana@shop.example", role="customer", name="Ana", created_at=utc_now())


def connected(person: Person) -> AbstractAsyncContextManager[Connection]:
    """A bare socket of this person, which does not come back by itself."""
    return Connection.open(person.url.replace("http", "ws") + "/ws", token=person.bearer)


async def code_of(connection: Connection) -> int:
    """How the server closes the socket, at once or within seconds on a slow machine."""
    async with asyncio.timeout(5 * SCALE):
        lost: ConnectionLost = await connection.ended()
    return lost.code


@pytest.fixture
def sessions(redis_client: aioredis.Redis, prefix: str) -> Sessions:
    """Sessions of a day, idle for a quarter of an hour."""
    return Sessions(redis_client, prefix, life_s=86_400, idle_s=900)


async def test_a_session_ends_when_it_is_idle_for_too_long(sessions: Sessions) -> None:
    """A use starts the quarter of an hour anew; being looked at does not."""
    sid = (await sessions.begin(ANA, Device(), NOW_MS)).sid
    assert await sessions.is_alive("ana1", sid, NOW_MS + IDLE_MS - 1)
    assert await sessions.is_alive("ana1", sid, NOW_MS + 2 * IDLE_MS - 2, used=False)
    assert not await sessions.is_alive("ana1", sid, NOW_MS + 2 * IDLE_MS - 1)


async def test_a_session_ends_after_a_day_however_busy_it_is(sessions: Sessions) -> None:
    """Used each ten minutes it lives until the twenty-fourth hour."""
    sid = (await sessions.begin(ANA, Device(), NOW_MS)).sid
    for at_ms in range(0, DAY_MS, 600_000):
        assert await sessions.is_alive("ana1", sid, NOW_MS + at_ms)
    assert not await sessions.is_alive("ana1", sid, NOW_MS + DAY_MS)


async def test_the_record_says_who_is_signed_in_and_nothing_secret(
    sessions: Sessions, redis_client: aioredis.Redis, prefix: str
) -> None:
    """`session:{userId}` lives a day and has five fields; lastActive moves on use."""
    sid = (await sessions.begin(ANA, Device(), NOW_MS)).sid
    key = f"{prefix}:session:ana1"
    before: dict[Any, Any] = await redis_client.hgetall(key)
    assert {b"userId", b"role", b"name", b"email", b"lastActive"} == set(before)
    assert 86_390 < await redis_client.ttl(key) <= 86_400
    await sessions.is_alive("ana1", sid, NOW_MS + 1000)
    after: dict[Any, Any] = await redis_client.hgetall(key)
    assert before[b"lastActive"] < after[b"lastActive"]


async def test_every_key_of_a_session_has_an_end(
    sessions: Sessions, redis_client: aioredis.Redis, prefix: str
) -> None:
    """No session leaves a key behind for ever, used or not."""
    login = await sessions.begin(ANA, Device(), NOW_MS)
    await sessions.is_alive("ana1", login.sid, NOW_MS + 5)
    await sessions.rotate(login.sid, 0, NOW_MS + 5)
    await sessions.rename(ANA)
    kept = [key async for key in redis_client.scan_iter(f"{prefix}:*")]
    assert 3 == len(kept)
    assert [] == [key for key in kept if await redis_client.ttl(key) <= 0]


async def test_without_its_record_no_session_counts(
    sessions: Sessions, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Deleting `session:{userId}` signs somebody out everywhere, and changing an account makes none."""
    login = await sessions.begin(ANA, Device(), NOW_MS)
    await redis_client.delete(f"{prefix}:session:ana1")
    assert not await sessions.is_alive("ana1", login.sid, NOW_MS)
    await sessions.rename(ANA)
    assert not await sessions.is_alive("ana1", login.sid, NOW_MS)


async def test_the_oldest_session_gives_way(sessions: Sessions) -> None:
    """Nobody is signed in at more places than MOST_SESSIONS."""
    logins = [await sessions.begin(ANA, Device(), NOW_MS + number) for number in range(MOST_SESSIONS + 2)]
    alive = [await sessions.is_alive("ana1", login.sid, NOW_MS + 100) for login in logins]
    assert [False] * 2 + [True] * MOST_SESSIONS == alive


async def test_a_deleted_record_is_401_at_once(
    newcomers: Newcomers, redis_client: aioredis.Redis, prefix: str
) -> None:
    """The access token would last for minutes more."""
    ana = await newcomers.member()
    assert await ana.is_signed_in()
    await redis_client.delete(f"{prefix}:session:{ana.sub}")
    answer = await ana.get("/api/users/me")
    assert (401, "revoked") == (answer.status_code, answer.json()["code"])


async def test_an_access_token_never_outlives_its_session(settings: Settings, database: object) -> None:
    """A session of a minute gives tokens of a minute at most."""
    async with serving(msgspec.structs.replace(settings, session_s=60)) as service:
        ana = await Newcomers(service).member()
        assert 55 <= ana.told["expires_in"] <= 60


async def test_one_sees_and_ends_ones_own_sessions(newcomers: Newcomers) -> None:
    """The list names this one; ending the other leaves this one, and nobody else's can be ended."""
    desk, phone, bob = await newcomers.member(), await newcomers.member(), await newcomers.member("bob")
    listed = (await desk.get("/api/auth/sessions")).json()["items"]
    assert [False, True] == [each["current"] for each in listed]
    assert {"127.0.0.0"} == {each["address"] for each in listed}
    other = listed[0]["id"]
    assert 404 == (await bob.delete(f"/api/auth/sessions/{other}")).status_code
    assert await phone.is_signed_in()
    assert 204 == (await desk.delete(f"/api/auth/sessions/{other}")).status_code
    assert [True, False] == [await member.is_signed_in() for member in (desk, phone)]
    assert 404 == (await desk.delete(f"/api/auth/sessions/{other}")).status_code


async def test_ending_all_others_leaves_this_one(newcomers: Newcomers) -> None:
    """And ending all leaves none."""
    members = [await newcomers.member() for _ in range(3)]
    assert 204 == (await members[0].delete("/api/auth/sessions?others=true")).status_code
    assert [True, False, False] == [await member.is_signed_in() for member in members]
    assert 204 == (await members[0].delete("/api/auth/sessions")).status_code
    assert not await members[0].is_signed_in()


async def test_signing_out_in_one_process_closes_the_sockets_in_another(settings: Settings, service: Service) -> None:
    """4501 within a second, for this session's sockets only."""
    newcomers = Newcomers(service)
    async with serving(settings) as other:
        phone, desk = await newcomers.member(), await newcomers.member()
        phone.url = desk.url = other.url
        async with connected(phone) as ending, connected(desk) as staying:
            signed_out = Person(service.url, phone.bearer)
            assert 204 == (await signed_out.post("/api/auth/logout")).status_code
            assert 4501 == await code_of(ending)
            assert staying.is_open()
            await signed_out.http.aclose()


async def test_an_admin_who_shuts_somebody_out_ends_their_sessions_and_sockets(newcomers: Newcomers) -> None:
    """Disabled: REST 401, socket 4501, no way in; enabled again: in by signing in."""
    ana, admin = await newcomers.member("ana", "rider"), newcomers.service.person("admin", "a1")
    async with connected(ana) as socket:
        assert 200 == (await admin.http.patch(f"/api/users/{ana.sub}", json={"disabled": True})).status_code
        assert 4501 == await code_of(socket)
    assert not await ana.is_signed_in()
    refused = [
        await newcomers.login(), await newcomers.post("/api/auth/refresh", {"refresh_token": ana.refresh_token})
    ]
    assert [401, 401] == [answer.status_code for answer in refused]
    await admin.http.patch(f"/api/users/{ana.sub}", json={"disabled": False})
    assert await (await newcomers.member()).is_signed_in()


async def test_another_role_needs_another_session(newcomers: Newcomers) -> None:
    """Old tokens say the old role: they end; the next session has the new one."""
    ana, admin = await newcomers.member(), newcomers.service.person("admin", "a1")
    assert 200 == (await admin.http.patch(f"/api/users/{ana.sub}", json={"role": "dispatcher"})).status_code
    assert not await ana.is_signed_in()
    again = await newcomers.member()
    assert (200, "dispatcher") == ((await again.get("/api/riders/near?lat=0&lng=0")).status_code,
                                   again.told["user"]["role"])


async def test_a_lost_word_between_processes_is_made_good_by_looking_around(
    service: Service, newcomers: Newcomers, redis_client: aioredis.Redis, prefix: str
) -> None:
    """A session that ended without a word closes its socket at the next look; one that lives stays."""
    ana, bob = await newcomers.member("ana"), await newcomers.member("bob")
    async with connected(ana) as gone, connected(bob) as alive:
        await redis_client.delete(f"{prefix}:session:{ana.sub}")
        await service.app.world.accounts.revocation.look()
        assert (4501, True) == (await code_of(gone), alive.is_open())


async def test_a_ticket_lets_one_socket_in_once(newcomers: Newcomers) -> None:
    """The second use is refused, and on REST a ticket is nothing."""
    ana = await newcomers.member()
    answer = await ana.post("/api/auth/ticket")
    ticket = answer.json()["ticket"]
    assert (201, 30) == (answer.status_code, answer.json()["expires_in"])
    assert 401 == (await newcomers.http.get("/api/users/me", headers={"Authorization": f"Bearer {ticket}"})).status_code
    bearer = newcomers.service.someone(ticket)
    async with connected(bearer) as socket:
        assert ana.sub == socket.welcome["sub"]
        with pytest.raises(RequestRefused) as refused:
            await connected(bearer).__aenter__()
    assert "bad_token" == refused.value.code


async def test_of_many_who_show_one_ticket_one_gets_in(newcomers: Newcomers) -> None:
    """Looking it up and destroying it is one step."""
    ana = await newcomers.member()
    ticket = (await ana.post("/api/auth/ticket")).json()["ticket"]
    take = newcomers.service.app.world.identity.enter
    answers = await asyncio.gather(*(take(ticket) for _ in range(20)))
    assert 1 == len([answer for answer in answers if getattr(answer, "sub", "") == ana.sub])


async def test_a_ticket_dies_with_its_session_and_after_thirty_seconds(
    newcomers: Newcomers, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Sold, then signed out: it lets nobody in; unsold tickets leave Redis by themselves."""
    ana = await newcomers.member()
    ticket = (await ana.post("/api/auth/ticket")).json()["ticket"]
    keys = [key async for key in redis_client.scan_iter(f"{prefix}:ticket:*")]
    assert [True] == [0 < await redis_client.ttl(key) <= 30 for key in keys]
    assert ticket not in str(keys)
    await ana.post("/api/auth/logout")
    refused = await newcomers.service.app.world.identity.enter(ticket)
    assert "revoked" == getattr(refused, "code", "")


async def test_a_foreign_token_has_no_session_and_works_as_ever(service: Service) -> None:
    """An integrator's token needs no account: it is somebody, may buy a ticket, and has no sessions to list."""
    rider = service.person("rider", "r1")
    me = (await rider.get("/api/users/me")).json()
    assert ("r1", "rider", False) == (me["id"], me["role"], me["local"])
    assert [] == (await rider.get("/api/auth/sessions")).json()["items"]
    ticket = (await rider.post("/api/auth/ticket")).json()["ticket"]
    async with service.someone(ticket).socket("phone") as socket:
        assert "r1" == socket.welcome["sub"]


async def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(newcomers: Newcomers) -> None:
    """This session goes on; the old password is dead."""
    here, there = await newcomers.member(), await newcomers.member()
    change = {"password": "amber-lantern-77"}
    wrong = await here.http.patch("/api/users/me", json=change | {"current_password": "not-the-one"})
    assert (401, "current_password") == (wrong.status_code, wrong.json()["field"])
    right = await here.http.patch("/api/users/me", json=change | {"current_password": PASSWORD})
    assert 200 == right.status_code
    assert [True, False] == [await here.is_signed_in(), await there.is_signed_in()]
    assert [401, 200] == [(await newcomers.login(password=each)).status_code for each in (PASSWORD, change["password"])]


async def test_who_erases_themselves_is_gone(
    newcomers: Newcomers, redis_client: aioredis.Redis, prefix: str
) -> None:
    """No account, no session, no way in; no key and no document holds the address any more."""
    ana = await newcomers.member()
    exported = (await ana.get("/api/users/me/export")).json()
    assert ("ana@shop.example", 1) == (exported["user"]["email"], len(exported["sessions"]))
    admin, contact = newcomers.service.person("admin", "a1"), {"email": "ana@shop.example", "phone": "+639171234567"}
    assert 204 == (await admin.http.put(f"/api/contacts/{ana.sub}", json=contact)).status_code
    await tell(newcomers.service, step("o1", "accepted", 2, customer=ana.sub))
    assert 204 == (await ana.delete("/api/users/me")).status_code
    assert not await ana.is_signed_in()
    assert 401 == (await newcomers.login()).status_code
    db = newcomers.service.app.world.accounts.store.db
    await newcomers.service.app.world.accounts.trail.flush()
    for name in await db.list_collection_names():
        async for document in db[name].find():
            assert "ana@shop.example" not in str(document), name
    assert 0 == await db.notifications.count_documents({"user": ana.sub})
    kept = [key async for key in redis_client.scan_iter(f"{prefix}:*") if ana.sub.encode() in key]
    assert [] == [key for key in kept if b"ratelimit" not in key]


async def test_what_happened_can_be_read_by_admins_alone(newcomers: Newcomers) -> None:
    """Sign-ups, sign-ins, failures and sign-outs, with a shortened address, in order."""
    ana, admin = await newcomers.member(), newcomers.service.person("admin", "a1")
    await newcomers.login("ana", "not-the-one")
    await ana.post("/api/auth/logout")
    assert 403 == (await newcomers.service.person("dispatcher", "d1").get("/api/audit")).status_code

    async def events() -> list[str]:
        page = (await admin.get(f"/api/audit?sub={ana.sub}")).json()
        assert {"127.0.0.0"} == {entry["address"] for entry in page["items"]} or not page["items"]
        return [entry["event"] for entry in page["items"]]

    expected = ["signed_out", "sign_in_failed", "signed_in", "registered"]
    await until(lambda: _equal(events, expected))


async def _equal(events: object, expected: list[str]) -> bool:
    return bool(expected == await events())  # type: ignore[operator]
