"""Webhooks: signed, delivered once an event, tried for days, dead and replayed; one bad endpoint harms no other."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from events.event import Event, make
from infra.clients import Database
from notifications.claims import LEASE_MS, Claims
from notifications.hooks.schedule import AFTER_S, again_after_s
from notifications.hooks.sender import Sender
from notifications.hooks.signing import BadSignature, headers, sign, verify, write_secret
from notifications.hooks.store import Hook, HookStore, Row
from notifications.ways.addresses import Allowed
from notifications.ways.egress import Egress, open_client
from tests.ending import cancelled
from tests.notifications.outside import HANG, Asked, HttpServer, http_server
from tests.waiting import until

SECRET = write_secret(b"k" * 32)
LOCAL = Allowed(["127.0.0.1/32"])


@pytest.fixture
async def hooks(database: Database) -> HookStore:
    """Webhooks of this test's own."""
    hooks = HookStore(database)
    await hooks.ensure_indexes()
    return hooks


@asynccontextmanager
async def sending(
    *stores: HookStore, allowed: Allowed = LOCAL, timeout_s: float = 0.5, lease_ms: int = LEASE_MS
) -> AsyncIterator[None]:
    """Workers deliver until the block ends."""
    async with open_client() as client:
        senders = [
            Sender(
                store, Egress(client, allowed, timeout_s=timeout_s),
                Claims(store.renew, lease_ms=lease_ms, renew_every_s=0.1),
            )
            for store in stores
        ]
        tasks = [asyncio.create_task(sender.run()) for sender in senders]
        try:
            yield
        finally:
            await cancelled(*tasks)


async def add(hooks: HookStore, name: str, url: str, *events: str) -> Hook:
    """An endpoint that wants these events."""
    hook = Hook(id=name, url=url, events=events or ("#",), secrets=(SECRET,), is_on=True, created_at=datetime.now(UTC))
    await hooks.add(hook)
    return hook


def happened(number: int = 0, type_: str = "ORDER_CREATED") -> Event:
    return make(type_, {"orderId": f"o{number}"}, time.time_ns() // 1_000_000, number)


async def take(hooks: HookStore, *events: Event) -> None:
    """Deal with events, each twice, as a worker may."""
    for event in events:
        for _ in range(2):
            async with await hooks.hooks.database.client.start_session() as session, session.start_transaction():
                await hooks.take(event, session)


async def row_of(hooks: HookStore, name: str, state: str) -> Row | None:
    """An endpoint's delivery in this state."""
    found: Row | None = await hooks.deliveries.find_one({"hook": name, "state": state})
    return found


def test_a_signature_is_the_one_of_the_specification() -> None:
    """The example that the Standard Webhooks libraries are tested with."""
    secret, id_, at_s = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == sign(secret, id_, at_s, b'{"test": 2432232314}')


def test_a_receiver_takes_what_was_signed_and_nothing_else() -> None:
    """Another body, id, time or secret is refused; of two secrets either will do."""
    other = write_secret(b"o" * 32)
    signed = headers([SECRET, other], "e1", 1000, b"{}")
    for secret in (SECRET, other):
        verify(secret, signed, b"{}", 1200)
    for given, body, now_s in (
        (signed, b"{ }", 1000), (signed | {"webhook-id": "e2"}, b"{}", 1000), (signed, b"{}", 1301), ({}, b"{}", 1000),
    ):
        with pytest.raises(BadSignature):
            verify(SECRET, given, body, now_s)


def test_tries_go_on_for_three_days() -> None:
    """Each later than the one before, spread by chance, as late as the receiver asks, and then no more."""
    waits = [again_after_s(tries, 0.0) for tries in range(1, len(AFTER_S) + 1)]
    assert sorted(AFTER_S) == waits
    assert 3 * 86_400 < sum(AFTER_S) < 4 * 86_400
    assert again_after_s(len(AFTER_S) + 1, 0.0) is None
    assert (6.0, 90.0, 86_400) == (again_after_s(1, 1.0), again_after_s(1, 0.0, 90), again_after_s(1, 0.0, 1e9))


async def test_an_event_is_delivered_once_and_signed(hooks: HookStore) -> None:
    """Four workers, an event dealt with twice: one request for each endpoint that wants it, in its envelope."""
    async with http_server(lambda asked: 204) as shop, http_server(lambda asked: 200) as kitchen:
        await add(hooks, "w1", f"{shop.url}/all")
        await add(hooks, "w2", f"{kitchen.url}/orders", "order.*")
        order, product = happened(1), happened(2, "PRODUCT_CREATED")
        await take(hooks, order, product)
        async with sending(*[hooks] * 4):
            await until(lambda: len(shop.asked) == 2 and len(kitchen.asked) == 1)
            await until(lambda: row_of(hooks, "w2", "delivered"))
        (asked,) = kitchen.asked
        verify(SECRET, asked.headers, asked.body, int(time.time()))
        told = msgspec.json.decode(asked.body)
        assert (order.id, "ORDER_CREATED", {"orderId": "o1"}) == (told["id"], told["type"], told["data"])
        assert (order.id, "POST", "/orders") == (asked.headers["webhook-id"], asked.method, asked.path)
    assert (2, 1) == (len(shop.asked), len(kitchen.asked))


async def test_one_that_fails_is_tried_again_and_one_that_redirects_is_not_followed(hooks: HookStore) -> None:
    """Each failure is kept with its reason, and the next try comes when it should; the id stays the same."""
    answers: list[int | tuple[int, dict[str, str]]] = [500, HANG, 302, 200]
    async with (
        http_server(lambda asked: 200) as trap, http_server(lambda asked: redirected(answers.pop(0), trap)) as shop
    ):
        await add(hooks, "w1", f"{shop.url}/")
        await take(hooks, happened())
        async with sending(hooks):
            for tries in (1, 2, 3):
                row = await until(lambda tries=tries: hooks.deliveries.find_one({"tries": tries}), within_s=15)
                assert row["due_ms"] > time.time() * 1000
                await hooks.deliveries.update_one({"_id": row["_id"]}, {"$set": {"due_ms": 0}})
            row = await until(lambda: row_of(hooks, "w1", "delivered"))
        assert ([500, None, 302, 200], 0) == ([each["status"] for each in row["log"]], trap.connections)
        assert 1 == len({asked.headers["webhook-id"] for asked in shop.asked})
        assert "TimeoutError" in row["log"][1]["error"]


def redirected(answer: Any, trap: HttpServer) -> Any:
    """A redirect leads into the trap."""
    return (302, {"Location": trap.url}) if answer == 302 else answer


async def test_what_could_never_be_delivered_is_dead_and_can_be_replayed(hooks: HookStore) -> None:
    """After its last try it is listed as dead, and waits again when somebody says so."""
    async with http_server(lambda asked: 200 if healthy else 500) as shop:
        healthy: list[int] = []
        await add(hooks, "w1", f"{shop.url}/")
        await take(hooks, happened())
        await hooks.deliveries.update_many({}, {"$set": {"tries": len(AFTER_S)}})
        async with sending(hooks):
            dead = await until(lambda: row_of(hooks, "w1", "dead"))
            assert [dead["_id"]] == [row["_id"] for row in await hooks.page({"state": "dead"}, None, 10)]
            healthy.append(1)
            assert 1 == await hooks.replay({"hook": "w1", "state": "dead"}, 0)
            await until(lambda: row_of(hooks, "w1", "delivered"))
    assert 0 == await hooks.replay({"hook": "w1", "state": "dead"}, 0)


async def test_an_endpoint_that_hangs_holds_up_nobody(hooks: HookStore) -> None:
    """A hundred events for one that never answers, one for a good one behind them: that comes at once."""
    async with http_server(lambda asked: HANG) as bad, http_server(lambda asked: 200) as good:
        await add(hooks, "w1", f"{bad.url}/", "order.*")
        await add(hooks, "w2", f"{good.url}/", "product.*")
        await take(hooks, *(happened(number) for number in range(40)), happened(99, "PRODUCT_CREATED"))
        async with sending(hooks):
            await until(lambda: good.asked, within_s=4)
        assert bad.connections <= 40


async def test_an_address_that_turned_private_gets_nothing(hooks: HookStore) -> None:
    """Checked again at each delivery: dead at once, with the reason, and nothing connects."""
    async with http_server(lambda asked: 200) as trap:
        await add(hooks, "w1", f"https://127.0.0.1:{trap.port}/")
        await take(hooks, happened())
        async with sending(hooks, allowed=Allowed()):
            row = await until(lambda: row_of(hooks, "w1", "dead"))
    assert ("not a public address" in row["log"][0]["error"], 0) == (True, trap.connections)


async def test_one_that_is_switched_off_gets_nothing(hooks: HookStore) -> None:
    """No new deliveries, and what waited is dead."""
    async with http_server(lambda asked: 200) as shop:
        await add(hooks, "w1", f"{shop.url}/")
        await take(hooks, happened(1))
        await hooks.change("w1", {"is_on": False})
        await take(hooks, happened(2))
        async with sending(hooks):
            await until(lambda: row_of(hooks, "w1", "dead"))
    assert (1, []) == (await hooks.deliveries.count_documents({}), shop.asked)


async def test_what_takes_longer_than_a_claim_stays_with_whoever_lives(hooks: HookStore) -> None:
    """A living worker renews: while the endpoint is silent for several leases, another worker gets nothing of it."""
    may_answer = asyncio.Event()

    async def late(asked: Asked) -> int:
        await may_answer.wait()
        return 200

    async with http_server(late) as shop:
        await add(hooks, "w1", f"{shop.url}/")
        await take(hooks, happened())
        async with sending(hooks, hooks, timeout_s=30, lease_ms=1000):
            first = await until(lambda: hooks.deliveries.find_one({"claim": {"$exists": True}}))
            long_after = {"due_ms": {"$gt": first["due_ms"] + 2000}}
            row = await until(lambda: hooks.deliveries.find_one(long_after))
            assert (first["claim"], "waiting") == (row["claim"], row["state"])
            may_answer.set()
            await until(lambda: row_of(hooks, "w1", "delivered"))
    assert 1 == len(shop.asked)


async def test_what_a_killed_worker_had_claimed_is_delivered_when_the_claim_ends(hooks: HookStore) -> None:
    """Nobody renews it, so another worker gets it then, and not before."""
    async with http_server(lambda asked: 200) as shop:
        await add(hooks, "w1", f"{shop.url}/")
        await take(hooks, happened())
        [claimed] = await hooks.claim(time.time_ns() // 1_000_000, 8, [], 1000, "of a worker that was killed")
        async with sending(hooks):
            await until(lambda: row_of(hooks, "w1", "delivered"))
        assert claimed["due_ms"] <= time.time_ns() // 1_000_000
    assert 1 == len(shop.asked)
