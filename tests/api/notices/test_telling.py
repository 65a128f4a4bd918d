"""Notifications over the socket and HTTP, in two processes: each once, in order, counted, read everywhere at once."""

import asyncio
import random
from typing import Any

import msgspec
import pytest
import redis.asyncio as aioredis

from client.errors import RequestRefused
from infra.clients import Database
from tests.api.notices.telling import acknowledge, assigned, counted, hear, listed, now_ms, step, tell
from tests.api.serving import Service
from tests.waiting import until


async def test_a_person_hears_on_every_device_and_finds_it_again(service: Service, other: Service) -> None:
    """Two devices at two processes get the same item with its offset; a third, later, finds it in the log."""
    here, there = service.person("customer", "c1"), other.person("customer", "c1")
    async with here.socket("a") as phone, there.socket("b") as tablet:
        for socket in (phone, tablet):
            await counted(socket, 0)
        told = await tell(service, step("o1", "accepted", 2))
        heard = [await hear(socket) for socket in (phone, tablet)]
        assert heard[0] == heard[1]
        assert (1, told, "order.accepted", "order:o1") == (
            heard[0]["offset"], [heard[0]["notification_id"]], heard[0]["kind"], heard[0]["collapse"]
        )
        assert ("user:c1", {"order": "o1", "status": "accepted", "rev": 2}) == (heard[0]["channel"], heard[0]["data"])
        assert {"order.accepted": 1} == (await counted(tablet, 1))["by_kind"]
    async with there.socket("c") as later:
        await counted(later, 1)
        joined = await later.subscribe("user:c1", recover={"epoch": "unknown", "offset": 0})
        assert told == [item["notification_id"] for item in joined["items"]]
        assert 1 == joined["state"]["notification.state"]["unread"]


async def test_what_was_missed_is_recovered_without_gaps(service: Service) -> None:
    """A device that was away gets exactly what lies between."""
    person = service.person("customer", "c1")
    async with person.socket() as phone:
        await counted(phone, 0)
        await tell(service, step("o1", "order_placed", 1))
        first = await hear(phone)
        joined = await phone.subscribe("user:c1")
    await tell(service, step("o1", "accepted", 2))
    await tell(service, step("o1", "picked_up", 5))
    async with person.socket() as phone:
        recover = {"epoch": joined["epoch"], "offset": first["offset"]}
        back = await phone.subscribe("user:c1", recover=recover)
        assert (True, [2, 3]) == (back["recovered"], [item["offset"] for item in back["items"]])
        page = await phone.request({"type": "history", "channel": "user:c1", "limit": 2})
        assert (["order.accepted", "order.picked_up"], True) == (
            [item["kind"] for item in page["items"]], page["more"]
        )


async def test_the_same_happening_is_told_once(service: Service, other: Service) -> None:
    """Told twenty times at once through two processes, it is one item."""
    notices = step("o1", "accepted", 2)
    told = await asyncio.gather(*(tell((service, other)[n % 2], notices) for n in range(20)))
    assert 1 == sum(len(each) for each in told)
    page = await listed(service.person("customer", "c1"))
    assert (1, 1, [1]) == (len(page["items"]), page["unread"], [item["offset"] for item in page["items"]])


async def test_arriving_never_arrives_after_delivered(service: Service, other: Service) -> None:
    """However late and by whomever older news is told: nothing of an order follows what is newer."""
    steps = [("accepted", 2), ("picked_up", 5), ("arriving", 6), ("delivered", 7)] * 3
    random.Random(7).shuffle(steps)
    await asyncio.gather(*(
        tell((service, other)[n % 2], step("o1", *each)) for n, each in enumerate(steps)
    ))
    items = (await service.app.world.log.read("user:c1"))
    revs = [item["data"]["rev"] for item in items]
    assert sorted(set(revs)) == revs
    assert 7 == revs[-1]


def is_of_reading(push: dict[str, Any]) -> bool:
    """What follows when something was read."""
    kind = push["type"]
    return kind == "notification.cleared" or bool(kind == "notification.state" and push["unread"] == 1)


async def test_reading_on_one_device_clears_the_others(service: Service, other: Service) -> None:
    """The bell counts absolutely everywhere, and a toast of the other device is taken down."""
    here, there = service.person("customer", "c1"), other.person("customer", "c1")
    async with here.socket("a") as phone, there.socket("b") as tablet:
        first = (await tell(service, step("o1", "accepted", 2)))[0]
        second = (await tell(service, step("o2", "accepted", 2)))[0]
        await counted(tablet, 2)
        assert "ok" == (await acknowledge(phone, [first], "read"))["type"]
        heard = [await tablet.inbox.wait_for(is_of_reading) for _ in range(2)]
        cleared, state = sorted(heard, key=lambda push: push["type"])
        assert ([first], 1, {"order.accepted": 1}) == (cleared["ids"], state["unread"], state["by_kind"])
        answer = (await there.post(f"/api/notifications/{second}/read")).json()
        assert {"unread": 0, "by_kind": {}} == answer
        await counted(phone, 0)
    assert [False, False] == [item["unread"] for item in (await listed(here))["items"]]
    assert [] == (await listed(here, unread=True))["items"]


async def test_only_ones_own_can_be_acknowledged(service: Service) -> None:
    """Another person's id is answered like one's own and changes nothing; guests have none."""
    told = await tell(service, step("o1", "accepted", 2))
    async with service.person("customer", "c2").socket() as stranger:
        assert "ok" == (await acknowledge(stranger, told, "read"))["type"]
        with pytest.raises(RequestRefused, match="bad_request"):
            await acknowledge(stranger, told, "eaten")
        with pytest.raises(RequestRefused, match="bad_request"):
            await acknowledge(stranger, [], "read")
    assert 1 == (await listed(service.person("customer", "c1")))["unread"]
    order = await service.order()
    link = (await service.person("customer", "c1").post(f"/api/orders/{order}/share")).json()
    guest = service.someone(link["token"])
    async with guest.socket() as socket:
        with pytest.raises(RequestRefused, match="forbidden"):
            await acknowledge(socket, told, "read")
    assert 403 == (await guest.get("/api/notifications")).status_code


async def test_unread_equals_a_recount_after_any_history(service: Service, other: Service, database: Database) -> None:
    """Tell, deliver, read and dismiss at random through two processes at once: the count is what is unread."""
    chance = random.Random(11)
    people = [service.person("customer", "c1"), other.person("customer", "c1")]
    told: list[str] = []

    async def act(n: int) -> None:
        if n < 12 or chance.random() < 0.3:
            told.extend(await tell((service, other)[n % 2], step(f"o{n}", "accepted", 2)))
        else:
            state = chance.choice(["delivered", "read", "dismissed"])
            body = {"ids": chance.sample(told, min(3, len(told))), "state": state}
            assert 200 == (await people[n % 2].post("/api/notifications/ack", body)).status_code

    for start in range(0, 48, 4):
        await asyncio.gather(*(act(n) for n in range(start, start + 4)))
    page = await listed(people[0])
    unread = [row async for row in database.notifications.find({"user": "c1", "unread": True})]
    assert (len(unread), {"order.accepted": len(unread)}) == (page["unread"], page["by_kind"])
    assert 0 < len(unread) < len(told)
    async with people[1].socket() as phone:
        await counted(phone, len(unread))
    assert 0 == (await people[0].post("/api/notifications/read")).json()["unread"]


async def test_a_riders_inbox_is_read_once(service: Service, redis_client: aioredis.Redis, prefix: str) -> None:
    """An entry stays until it is acknowledged, then it is gone; the key lives seven days, and so does an entry."""
    rider = service.person("rider", "r1")
    first, second = [(await tell(service, assigned(order, "r1")))[0] for order in ("o1", "o2")]
    key = f"{prefix}:notifications:rider:r1"
    assert 0 < await redis_client.ttl(key) <= 604_800
    for _ in range(2):  # an answer that was lost is given again
        assert [second, first] == [item["notification_id"] for item in (await listed(rider))["items"]]
    async with rider.socket() as phone:
        await acknowledge(phone, [first], "read")
    assert [second] == [item["notification_id"] for item in (await listed(rider))["items"]]
    week_ago = now_ms() - 604_800_001
    await tell(service, [msgspec.structs.replace(assigned("o3", "r1")[0], created_ms=week_ago)])
    assert 2 == await redis_client.hlen(key)
    assert [second] == [item["notification_id"] for item in (await listed(rider))["items"]]


async def test_a_list_is_paged_without_holes(service: Service) -> None:
    """Page after page, newest first, each once; a cursor of one's own making is refused."""
    for number in range(7):
        await tell(service, step(f"o{number}", "accepted", 2))
    person, seen, after = service.person("customer", "c1"), list[str](), ""
    while True:
        page = await listed(person, limit=3, after=after)
        seen += [item["data"]["order"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert [f"o{number}" for number in reversed(range(7))] == seen
    wrong = await person.get("/api/notifications", params={"after": "yesterday"})
    assert (400, "after") == (wrong.status_code, wrong.json()["field"])


async def test_preferences_are_kept_and_checked(service: Service) -> None:
    """What was chosen comes back with what holds by it; a wrong one names its field; what is off is not told."""
    person = service.person("customer", "c1")
    wanted = {"time_zone": "Asia/Manila", "quiet": {"start": "22:00", "end": "07:00"},
              "kinds": {"order": {"in_app": False}, "order.arriving": {"in_app": True}}, "digest_s": 60}
    answer = await person.http.put("/api/notifications/preferences", json=wanted)
    assert 200 == answer.status_code, answer.text
    read = (await person.get("/api/notifications/preferences")).json()
    assert wanted == answer.json()["preferences"] == read["preferences"]
    assert (False, True) == (answer.json()["holds"]["order"]["in_app"], answer.json()["holds"]["chat"]["push"])
    wrong = await person.http.put("/api/notifications/preferences", json={"time_zone": "Mars/Olympus"})
    assert (400, "time_zone") == (wrong.status_code, wrong.json()["field"])
    await tell(service, step("o1", "accepted", 2))
    await tell(service, step("o1", "arriving", 6))
    items = await service.app.world.log.read("user:c1")
    assert ["order.arriving"] == [item["kind"] for item in items]


async def test_a_count_that_a_process_missed_is_right_again_on_return(service: Service, other: Service) -> None:
    """Somebody who comes back is shown the number, whatever happened meanwhile."""
    person = service.person("customer", "c1")
    async with person.socket() as phone:
        await counted(phone, 0)
    told = await tell(other, step("o1", "accepted", 2))
    async with person.socket() as phone:
        await counted(phone, 1)
        await other.person("customer", "c1").post("/api/notifications/ack", {"ids": told, "state": "dismissed"})
        await counted(phone, 0)

    async def is_gone() -> bool:
        return not (await listed(person))["items"]

    await until(is_gone)
