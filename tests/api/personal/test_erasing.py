"""Who is erased is nowhere, but where the documentation says so; who asks gets all of it; and dying stops neither."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as aioredis

from api.personal.erasure import Erasures
from api.personal.shelves import KEPT, KEPT_KEYS, SHELVES, Whose
from infra.clients import Database
from tests.api.accounts.people import Member, Newcomers
from tests.api.personal.lives import (
    DOOR_WORDS,
    NAMES,
    NOTE,
    PHONE,
    Lives,
    documents_with,
    keys_with,
    signed_up,
)
from tests.api.programs import Program
from tests.api.serving import DOOR, Service
from tests.waiting import until

pytestmark = pytest.mark.long

ME = "/api/users/me"


async def end_all(service: Service, database: Database) -> None:
    """As if the time had come: every job is due, until none is left."""
    while await database.erasures.count_documents({}):
        await database.erasures.update_many({}, {"$set": {"due": datetime.now(UTC)}})
        await service.app.world.erasures.take_one()


@pytest.mark.timeout(300)
async def test_who_is_erased_is_nowhere_but_where_it_is_said(
    lives: Lives, service: Service, database: Database, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Names, addresses, notes and telephone numbers are nowhere at all; ids only where the table says why."""
    people: tuple[Member, ...] = (lives.customer, lives.vendor, lives.rider)
    ids = [person.sub for person in people]
    for person in people:
        await handed_out(person, database)
    filled = set()
    for shelf in SHELVES:
        for role, sub in zip(NAMES, ids, strict=True):
            if await database[shelf.collection].find_one(shelf.about(Whose(sub=sub, role=role))):
                filled.add(shelf.collection)
    unseen = {"geofence_events", "notification_digests"}  # nobody here crossed a fence, or left a message unread
    assert {shelf.collection for shelf in SHELVES} - filled <= unseen
    for person in people:
        assert 204 == (await person.delete(ME)).status_code
        assert not await person.is_signed_in()
    await end_all(service, database)
    await service.app.world.accounts.trail.flush()
    private = [*NAMES.values(), DOOR_WORDS, NOTE, PHONE, *(f"{role}@shop.example" for role in NAMES),
               *(f"{sub}@home.example" for sub in ids)]
    assert ({}, {}) == (await documents_with(database, private), await keys_with(redis_client, prefix, private))
    kept = {name for names in (await documents_with(database, ids)).values() for name in names}
    assert set() == kept - set(KEPT)
    left = {key for keys in (await keys_with(redis_client, prefix, ids)).values() for key in keys}
    assert set() == {key for key in left if not key.startswith(tuple(KEPT_KEYS))}
    order = await database.orders.find_one({"_id": lives.order})
    assert order is not None
    assert ({"lat": 14.61, "lng": 120.99}, 1250) == (order["dropoff"], order["total"])
    assert 0 == await database.images.count_documents({})


async def handed_out(person: Member, database: Database) -> None:
    """Every shelf with something of theirs is in the export, whole, and no secret is."""
    role = (await person.get(f"{ME}/export")).json()["user"]["role"]
    shelves = [shelf for shelf in SHELVES if shelf.shown and shelf.collection != "audit"]

    async def counted() -> list[int]:
        whose = Whose(sub=person.sub, role=role)
        return [await database[shelf.collection].count_documents(shelf.about(whose)) for shelf in shelves]

    async def at_rest() -> tuple[list[int], dict[str, Any]] | None:
        """Counts and export of one state: workers may still be telling people things."""
        before, export = await counted(), (await person.get(f"{ME}/export")).json()
        return (before, export) if before == await counted() else None

    found = await until(at_rest)
    assert found is not None
    there, exported = found
    for shelf, count in zip(shelves, there, strict=True):
        assert count == len(exported[shelf.shown]), shelf.shown
        assert not set(shelf.hidden) & {name for row in exported[shelf.shown] for name in row}
    assert exported["audit"]
    assert ([], f"{role}@shop.example") == (exported["cut"], exported["user"]["email"])


async def test_another_process_goes_on_where_one_died(
    service: Service, database: Database, programs: list[Program], tmp_path: Path
) -> None:
    """kill -9 between two steps: the job stands, and who lives does the rest of it, and then once more."""
    now = datetime.now(UTC)
    await database.carts.insert_one({"_id": "c9", "lines": {}, "at": now})
    await database.activity.insert_one({"user_id": "c9", "at": now})
    settings = service.app.settings
    child = Program(tmp_path / "log", {}, "tests.api.personal.dying", settings.mongo_url, settings.mongo_db, "c9")
    programs.append(child)
    assert -9 == await child.ended()
    counts = [await database[name].count_documents({}) for name in ("carts", "activity", "erasures")]
    assert [0, 1, 1] == counts
    await database.erasures.update_one({}, {"$set": {"due": now}})  # two minutes later

    async def is_done() -> bool:
        job = await database.erasures.find_one({})
        return job is not None and (job["passes"], job["email"]) == (1, "")

    await until(is_done, within_s=20)
    assert 0 == await database.activity.count_documents({})
    await end_all(service, database)


async def test_an_order_under_way_is_finished_first(newcomers: Newcomers, database: Database) -> None:
    """The account is gone at once; the door stays as exact as the rider needs it until the order ends."""
    service = newcomers.service
    ana, admin = await signed_up(newcomers, "customer"), service.person("admin", "a1")
    order = await service.order(customer=ana.sub, rider="r1")
    assert 204 == (await ana.delete(ME)).status_code
    assert not await ana.is_signed_in()
    job = await database.erasures.find_one({})
    assert job is not None
    assert ("", 0, DOOR) == (job["email"], job["passes"], (await door_of(database, order)))
    await admin.steps(order, "accepted", "preparing", "ready", "picked_up", "arriving", "delivered")
    await end_all(service, database)
    assert {"lat": 14.61, "lng": 120.99} == await door_of(database, order)


async def door_of(database: Database, order: str) -> Any:
    """Where an order goes, as it is kept."""
    found = await database.orders.find_one({"_id": order})
    assert found is not None
    return found["dropoff"]


async def test_a_step_that_fails_comes_again_and_stops_no_other(database: Database) -> None:
    """Whatever it raises."""
    done: list[str] = []

    async def fails_once(whose: Whose) -> None:
        done.append("tried")
        if len(done) == 1:
            raise RuntimeError("the first time")

    async def works(whose: Whose) -> None:
        done.append(whose.sub)

    async def nothing_runs(whose: Whose) -> bool:
        return False

    erasures = Erasures(database, {"first": fails_once, "second": works}, nothing_runs)
    await erasures.ask(Whose(sub="c1", role="customer"))
    assert ["tried", "c1"] == done
    for _ in range(2):
        await database.erasures.update_many({}, {"$set": {"due": datetime.now(UTC)}})
        assert await erasures.take_one()
    assert (["tried", "c1"] * 3, 0) == (done, await database.erasures.count_documents({}))
    assert not await erasures.take_one()
