"""How often one may ask: counted by all processes together, told in headers, and not lost with Redis."""

import asyncio
from typing import Any

import msgspec
import pytest
import redis.asyncio as aioredis

from api.rates import rates
from api.rates.rates import network
from api.rates.window import MOST_COUNTERS, WINDOW_MS, Windows
from infra.clients import open_redis
from infra.embedded.ports import free_port
from infra.embedded.valkey import Valkey
from infra.settings import Settings
from tests.api.serving import Person, Service, serving
from tests.waiting import until

ME = "/api/users/me"


async def test_the_sixty_first_request_within_a_minute_is_one_too_many(service: Service) -> None:
    """60 are answered, then 429 with when to come back; another person and another endpoint go on."""
    ana, bob = service.person("customer", "ana"), service.person("customer", "bob")
    statuses = [(await ana.get(ME)).status_code for _ in range(60)]
    refused = await ana.get(ME)
    assert [200] * 60 + [429] == [*statuses, refused.status_code]
    assert ("application/problem+json", "rate_limited", True) == (
        refused.headers["content-type"], refused.json()["code"], refused.json()["retry"]
    )
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert [200, 200] == [(await bob.get(ME)).status_code, (await ana.get("/api/orders")).status_code]


async def test_every_answer_says_what_is_left(service: Service) -> None:
    """Limit, remaining and reset, also on an error; a page that asks nobody says nothing."""
    ana = service.person("customer", "ana")
    answers = [await ana.get("/api/orders/none"), await ana.get("/api/orders/none")]
    assert [("60", "59"), ("60", "58")] == [
        (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]) for answer in answers
    ]
    assert 1 <= int(answers[0].headers["ratelimit-reset"]) <= 60
    assert "ratelimit-limit" not in (await ana.get("/health")).headers


async def test_two_hundred_at_once_on_two_processes_share_one_count(
    settings: Settings, service: Service, redis_client: aioredis.Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly sixty get through, and the counter has an end."""
    monkeypatch.setattr(rates, "ASK_S", 30)  # a starved machine is not a Redis that is away
    async with serving(settings) as other:
        people = [service.person("customer", "ana"), other.person("customer", "ana")]
        answers = await asyncio.gather(*(people[number % 2].get(ME) for number in range(200)))
    assert 60 == [answer.status_code for answer in answers].count(200)
    assert 140 == [answer.status_code for answer in answers].count(429)
    assert 0 < await redis_client.ttl(f"{prefix}:ratelimit:ana:GET{ME}") <= 60


async def test_a_counter_that_lost_its_end_is_given_one(
    service: Service, redis_client: aioredis.Redis, prefix: str
) -> None:
    """A key without a lifetime would shut somebody out for ever."""
    key = f"{prefix}:ratelimit:ana:GET{ME}"
    await redis_client.set(key, 500)
    assert 429 == (await service.person("customer", "ana").get(ME)).status_code
    assert 0 < await redis_client.ttl(key) <= 60


async def test_staff_and_backends_have_a_limit_of_their_own(settings: Settings, database: object) -> None:
    """And 0 is no limit."""
    own = msgspec.structs.replace(settings, rate_limit_per_minute=0, rate_limit_staff_per_minute=2)
    async with serving(own) as service:
        ana, admin = service.person("customer", "ana"), service.person("admin", "a1")
        assert {200} == {(await ana.get(ME)).status_code for _ in range(70)}
        assert [200, 200, 429] == [(await admin.get(ME)).status_code for _ in range(3)]


async def test_strangers_are_counted_by_address(settings: Settings, database: object) -> None:
    """At sign-in; a forged X-Forwarded-For from elsewhere than a trusted proxy would change nothing."""
    async with serving(msgspec.structs.replace(settings, rate_limit_address_per_minute=3)) as service:
        stranger = service.someone("none")
        body = {"email": "ana@shop.example", "password": "not-the-one"}
        answers = [await stranger.post("/api/auth/login", body) for _ in range(4)]
    assert [401, 401, 401, 429] == [answer.status_code for answer in answers]


async def test_without_redis_each_process_counts_for_itself(
    settings: Settings, database: object, tmp_path: Any
) -> None:
    """Foreign tokens go on, still limited; when Redis is back it counts again."""
    server = Valkey(tmp_path / "own", port=free_port()).start()
    try:
        async with serving(msgspec.structs.replace(settings, redis_url=server.url)) as service:
            ana = service.person("customer", "ana")
            await ana.get(ME)
            server.kill()
            statuses = [(await ana.get(ME)).status_code for _ in range(61)]
            assert [200] * 60 + [429] == statuses
            server.start()
            bob = service.person("customer", "bob")
            await until(lambda: _counted_in_redis(server, bob), within_s=20)
    finally:
        server.stop()


async def _counted_in_redis(server: Valkey, person: Person) -> bool:
    await person.get(ME)
    async with open_redis(server.url) as client:
        return bool(await client.keys("*ratelimit:bob*"))


def test_a_window_begins_with_the_first_request_and_ends_after_a_minute() -> None:
    """In a process alone, as in Redis."""
    windows = Windows()
    assert (1, WINDOW_MS) == msgspec.structs.astuple(windows.count("a", 1000))
    assert (2, WINDOW_MS - 500) == msgspec.structs.astuple(windows.count("a", 1500))
    assert 1 == windows.count("b", 1500).count
    assert 1 == windows.count("a", 1000 + WINDOW_MS).count


def test_counters_are_bounded() -> None:
    """Those whose window is over go first; a flood of names empties the rest."""
    windows = Windows()
    for number in range(MOST_COUNTERS):
        windows.count(str(number), 0)
    assert 1 == windows.count("late", WINDOW_MS).count
    for number in range(MOST_COUNTERS + 5):
        windows.count(f"x{number}", WINDOW_MS + 1)
    assert len(windows._counters) <= MOST_COUNTERS


def test_a_household_of_ipv6_is_one_address() -> None:
    """A /64 counts as one, a mapped IPv4 address as itself."""
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert "192.0.2.7" == network("::ffff:192.0.2.7") == network("192.0.2.7")
