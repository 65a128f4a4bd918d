"""Orders, their events and what workers make of them; the dead seen and replayed over HTTP and on the command line."""

import asyncio
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from api.bus.plugins import find
from api.cli import ridewire
from infra.clients import Database
from infra.settings import BadSetting, Settings
from tests.api.bus.staffed import staffed
from tests.api.serving import Service, serving
from tests.waiting import until

CHOOSY = "tests.api.bus.plugins:CHOOSY"


async def tallied(db: Database) -> dict[str, int]:
    """Events counted, by type."""
    counted: dict[str, int] = {}
    async for row in db.tallies.find():
        counted[row["_id"]["type"]] = counted.get(row["_id"]["type"], 0) + row["events"]
    return counted


async def health_of(service: Service, name: str) -> dict[str, Any]:
    """One component."""
    answer = await service.person("admin", "a1").get(f"/health/services/{name}")
    return dict(answer.json())


async def test_every_change_of_an_order_is_told_and_counted_once(
    service: Service, settings: Settings, database: Database
) -> None:
    """Also what happened while no worker ran: the order is placed at once, the event waits."""
    first = await service.order()
    assert "1 events wait" == (await health_of(service, "outbox"))["detail"]
    async with staffed(settings):
        await service.person("vendor", "v1").steps(first, "accepted", "preparing")
        await service.person("customer", "c1").post(f"/api/orders/{first}/cancel")
        wanted = {"ORDER_CREATED": 1, "ORDER_UPDATED": 2, "ORDER_CANCELLED": 1}
        await until(lambda: _is(database, wanted), within_s=20)
    assert "0 events wait" == (await health_of(service, "outbox"))["detail"]


async def _is(db: Database, wanted: dict[str, int]) -> bool:
    return wanted == await tallied(db)


async def test_metrics_and_health_show_queues_workers_and_the_backlog(service: Service, settings: Settings) -> None:
    """Depth, ready, unacknowledged and consumers per queue, dead letters, outbox; health asks anew each time."""
    admin = service.person("admin", "a1")
    async with staffed(settings, ["relay", "analytics"]):
        await service.order()
        await until(lambda: _scraped(service, 'ridewire_queue_ready{queue="order_processing"} 1.0'), within_s=20)
        page = (await admin.get("/metrics")).text
        for line in (
            'ridewire_queue_consumers{queue="analytics"} 1.0', 'ridewire_queue_consumers{queue="notifications"} 0.0',
            'ridewire_queue_depth{queue="order_processing"} 1.0', "ridewire_events_dead 0.0",
            'ridewire_queue_unacked{queue="analytics"} 0.0', "ridewire_outbox_waiting 0.0",
            "ridewire_events_workers 1.0",
        ):
            assert line in page
        assert ("down", "up") == (
            (await health_of(service, "queues"))["status"], (await health_of(service, "dead_letters"))["status"],
        )
        assert "order_processing" in (await health_of(service, "queues"))["detail"]


async def _scraped(service: Service, line: str) -> bool:
    return line in (await service.person("admin", "a1").get("/metrics")).text


async def test_the_dead_are_for_admins_and_live_again_when_replayed(settings: Settings, database: Database) -> None:
    """Listed with their reason, over HTTP and on the command line; replayed, the effect happens, once."""
    settings = msgspec.structs.replace(settings, event_plugins=(CHOOSY,))
    environ = {
        "REDIS_URL": settings.redis_url, "MONGO_URL": settings.mongo_url, "MONGO_DB": settings.mongo_db,
        "KEY_PREFIX": settings.key_prefix, "EVENT_PLUGINS": CHOOSY, "RABBITMQ_URL": "",
    }

    def command(*words: str) -> str:
        said = CliRunner().invoke(ridewire, ["events", *words], env=environ)
        assert 0 == said.exit_code, said.output
        return said.output

    async with serving(settings) as service, staffed(settings):
        admin, order = service.person("admin", "a1"), await service.order()
        refused = await service.person("dispatcher", "d1").get("/api/events/dead")
        assert 403 == refused.status_code

        async def dead() -> list[dict[str, Any]]:
            return list((await admin.get("/api/events/dead")).json()["items"])

        [letter] = await until(dead, within_s=20)
        assert ("plugin.choosy", order) == (letter["queue"], letter["event"]["data"]["orderId"])
        assert "the provider is closed for good" in letter["error"]
        assert "down" == (await health_of(service, "dead_letters"))["status"]
        assert letter["id"] in await asyncio.to_thread(command, "dead")
        await database.mended.insert_one({})
        assert {"replayed": 0} == (await admin.post("/api/events/dead/replay", {"ids": ["1-1"]})).json()
        assert {"replayed": 1} == (await admin.post("/api/events/dead/replay", {"ids": [letter["id"]]})).json()
        await until(lambda: database.jobs.find_one({"ended": letter["event"]["id"]}), within_s=20)
        assert "none is dead" in await asyncio.to_thread(command, "dead")
        assert "0 replayed" in await asyncio.to_thread(command, "replay", "--all")
    assert 1 == await database.jobs.count_documents({})


@pytest.mark.parametrize(("name", "reason"), [
    ("no.such:PLUGIN", "cannot be found"), ("tests.api.bus.plugins:NOBODY", "cannot be found"),
    ("tests.api.bus.plugins", "cannot be found"), ("tests.api.bus.plugins:be_slow", "not an events.plugin.Plugin"),
])
def test_a_plugin_that_cannot_be_used_is_named(name: str, reason: str) -> None:
    """One sentence with what to write instead."""
    with pytest.raises(BadSetting, match=reason):
        find((name,))
    with pytest.raises(BadSetting, match="same name"):
        find((CHOOSY, CHOOSY))
