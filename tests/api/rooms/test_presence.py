"""Who is online in a room: on any device, in any process, with fifteen seconds of grace."""

from typing import Any

import pytest
from redis.asyncio import Redis

from api.world import now_ms
from chat import attendance, keys
from client.reconnect import Ridewire
from tests.api.rooms.test_saying import CHANNEL, message, open_room
from tests.api.serving import Service
from tests.waiting import until

GRACE_MS = 600


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules with a shorter grace, so that nobody waits for it."""
    monkeypatch.setattr(attendance, "GRACE_MS", GRACE_MS)
    monkeypatch.setattr(attendance, "RENEW_S", 0.5)


async def told(socket: Ridewire, state: str) -> dict[str, Any]:
    """The next presence of the customer in that state."""
    return await socket.inbox.wait_for(
        lambda push: (push["type"], push.get("user"), push.get("state")) == ("presence", "c1", state), within_s=10
    )


def test_the_grace_is_fifteen_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tunnel is no reason to be called away; what the others here shorten is this."""
    monkeypatch.undo()
    assert (15_000, 10.0) == (attendance.GRACE_MS, attendance.RENEW_S)


async def test_the_others_see_somebody_come_and_go(service: Service, other: Service) -> None:
    """In another process: at once when they come, after the grace when their last device is gone, and since when."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    async with vendor.socket() as shop:
        joined = await shop.subscribe(CHANNEL)
        assert {} == joined["state"]["presence"]
        async with customer.socket("phone"):
            came = await told(shop, "online")
            assert ("c1", CHANNEL) == (came["user"], came["channel"])
            async with service.person("customer", "c1").socket("tablet") as tablet:
                seen = (await tablet.subscribe(CHANNEL))["state"]["presence"]
                assert {"v1": "online"} == {user: each["state"] for user, each in seen.items()}
        went = await told(shop, "offline")
        assert came["last_seen"] <= went["last_seen"] <= came["last_seen"] + 30_000
        later = (await shop.subscribe(CHANNEL))["state"]["presence"]["c1"]
        assert ("offline", went["last_seen"]) == (later["state"], later["last_seen"])


async def test_a_short_break_is_not_seen(
    service: Service, other: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is back within the grace was never away."""
    monkeypatch.undo()
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    pushes: list[dict[str, Any]] = []
    async with vendor.socket() as shop, customer.socket("phone") as phone:
        await shop.subscribe(CHANNEL, handler=pushes.append)
        await until(lambda: [push for push in pushes if push["type"] == "presence"])
        for breaks in range(2, 7):
            phone.cut()
            await until(lambda breaks=breaks: phone.connections == breaks)
            await shop.request(message("still there?"))
    assert {"online"} == {push["state"] for push in pushes if push["type"] == "presence"}


async def test_a_process_that_died_leaves_nobody_online(
    service: Service, other: Service, redis_client: Redis, prefix: str
) -> None:
    """Leases that nobody renews run out, and whoever looks on is told."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    async with vendor.socket() as shop:
        await shop.subscribe(CHANNEL)
        until_ms = now_ms() + 1000
        await redis_client.zadd(keys.here(prefix, "customer:c1"), {"of a dead process": until_ms})
        await service.app.world.relay.publish(keys.here_topic("customer:c1"), str(until_ms).encode())
        await told(shop, "online")
        assert until_ms - GRACE_MS == (await told(shop, "offline"))["last_seen"]
