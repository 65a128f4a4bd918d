"""Saying things over the socket and HTTP, in one and in two processes: once, in order, counted, in one's own rooms."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from client.errors import RequestRefused
from client.reconnect import Ridewire
from tests.api.serving import Person, Service
from tests.waiting import until

ROOM = "vendor_v1_customer_c1"
CHANNEL = f"room:{ROOM}"


async def open_room(customer: Person) -> dict[str, Any]:
    """The room of customer c1 and vendor v1."""
    answer = await customer.post("/api/rooms", {"vendor_id": "v1"})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def message(text: str, client_id: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "chat.send", "room": ROOM, "client_id": client_id or str(uuid.uuid4()), "text": text} | fields


def is_said(push: dict[str, Any]) -> bool:
    return bool(push["type"] == "chat.message")


async def until_true(look: Callable[[], Awaitable[bool]]) -> bool:
    """Wait a second at most for this to be so."""
    return await until(look, within_s=1)


async def hear(socket: Ridewire, count: int) -> list[dict[str, Any]]:
    """The next messages on this socket."""
    return [await socket.inbox.wait_for(is_said) for _ in range(count)]


async def test_both_open_one_room(service: Service) -> None:
    """Whoever asks first makes it; its id follows from the two of them, whatever the client would like."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    made = await customer.post("/api/rooms", {"vendor_id": "v1"})
    found = await vendor.post("/api/rooms", {"customer_id": "c1"})
    assert (201, 200) == (made.status_code, found.status_code)
    assert ROOM == made.json()["id"] == found.json()["id"]
    stranger = service.person("customer", "c2")
    assert 404 == (await stranger.get(f"/api/rooms/{ROOM}")).status_code
    assert 404 == (await stranger.get(f"/api/rooms/{ROOM}/messages")).status_code
    with_same_sub = service.person("rider", "c1")
    assert 404 == (await with_same_sub.get(f"/api/rooms/{ROOM}")).status_code


async def test_what_is_said_reaches_everybody_once_and_in_order(service: Service, other: Service) -> None:
    """Two people in two processes talk at once; both, and a second device, see the same list; acks say where."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    twin = other.person("customer", "c1")
    async with customer.socket("a") as phone, twin.socket("b") as tablet, vendor.socket() as shop:
        for socket in (phone, tablet, shop):
            await socket.subscribe(CHANNEL)
        talkers = (("c", phone), ("v", shop))
        sends = [socket.request(message(f"{who} {n}")) for n in range(20) for who, socket in talkers]
        acks = await asyncio.gather(*sends)
        assert list(range(1, 41)) == sorted(ack["offset"] for ack in acks)
        assert list(range(1, 41)) == sorted(ack["number"] for ack in acks)
        seen = [await hear(socket, 40) for socket in (phone, tablet, shop)]
        assert list(range(1, 41)) == [push["offset"] for push in seen[0]]
        told = [[(push["offset"], push["text"], push["message_id"]) for push in each] for each in seen]
        assert told[0] == told[1] == told[2]
        own = {push["text"][0] for push in seen[1] if "client_id" in push}
        assert ({"c"}, {"v"}) == (own, {push["text"][0] for push in seen[2] if "client_id" in push})
        assert [] == [push for each in seen for push in each if "own" in push or "inside" in push]


async def test_a_message_sent_two_hundred_times_is_stored_once(service: Service, other: Service) -> None:
    """Resends race through two processes; all acks name one message, and the log has one item."""
    await open_room(service.person("customer", "c1"))
    body = {"client_id": str(uuid.uuid4()), "text": "once"}
    people = [process.person("customer", "c1") for process in (service, other)]
    answers = await asyncio.gather(
        *(people[n % 2].post(f"/api/rooms/{ROOM}/messages", body) for n in range(200))
    )
    acks = [answer.json() for answer in answers]
    assert {(1, 1)} == {(ack["offset"], ack["number"]) for ack in acks}
    assert 1 == len({ack["message_id"] for ack in acks})
    assert 1 == len([ack for ack in acks if not ack["duplicate"]])
    items = (await people[0].get(f"/api/rooms/{ROOM}/messages")).json()["items"]
    assert ["once"] == [item["text"] for item in items]


async def test_who_comes_back_gets_what_was_missed(service: Service, other: Service) -> None:
    """A subscription with `recover` brings exactly the items in between, in another process as well."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    await open_room(customer)
    async with vendor.socket() as shop:
        first = await shop.subscribe(CHANNEL)
        await shop.request(message("one"))
        for n in range(70):
            await shop.request(message(f"more {n}"))
        recover = {"epoch": first["epoch"], "offset": 1}
        async with other.person("customer", "c1").socket() as phone:
            back = await phone.subscribe(CHANNEL, recover=recover)
            assert (True, 71) == (back["recovered"], back["offset"])
            assert list(range(2, 72)) == [item["offset"] for item in back["items"]]
            page = await phone.request({"type": "history", "channel": CHANNEL, "before": 11, "limit": 5})
            assert ([6, 7, 8, 9, 10], True) == ([item["offset"] for item in page["items"]], page["more"])


async def test_edits_and_deletions_are_items_that_raise_no_number(service: Service) -> None:
    """The old message id and number, a new offset; a deleted text is nowhere in the log any more."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    await open_room(customer)
    async with customer.socket() as phone, vendor.socket() as shop:
        await phone.subscribe(CHANNEL)
        said = await phone.request(message("secret word"))
        with pytest.raises(RequestRefused, match="forbidden"):
            await shop.request({"type": "chat.edit", "room": ROOM, "message_id": said["message_id"], "text": "mine"})
        change = {"room": ROOM, "message_id": said["message_id"]}
        assert "ok" == (await phone.request({"type": "chat.edit", "text": "other secret", **change}))["type"]
        assert "ok" == (await phone.request({"type": "chat.delete", **change}))["type"]
        pushes = await hear(phone, 3)
        assert [(1, 1), (2, 1), (3, 1)] == [(push["offset"], push["number"]) for push in pushes]
        assert (True, True, "") == (pushes[1]["edited"], pushes[2]["deleted"], pushes[2]["text"])
        again = await shop.subscribe(CHANNEL)
        listed = (await vendor.get(f"/api/rooms/{ROOM}/messages")).json()
        assert "secret" not in str(again["items"]) + str(listed)
        assert 2 == (await phone.request(message("next")))["number"]


async def test_unread_is_counted_by_the_server(service: Service, other: Service) -> None:
    """Absolute, without one's own, told on every device; a mark moves forward only and not past the end."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    twin = other.person("customer", "c1")
    async with customer.socket("a") as phone, twin.socket("b") as tablet, vendor.socket() as shop:
        await shop.subscribe(CHANNEL)
        for n in range(3):
            await shop.request(message(f"v{n}"))
        await phone.request(message("c"))
        for socket in (phone, tablet):
            await socket.inbox.wait_for(lambda push: push["type"] == "chat.unread" and push["unread"] == 3
                                        and push["number"] == 4)
        joined = await phone.subscribe(CHANNEL)
        assert (3, 4) == (joined["state"]["room"]["unread"], joined["state"]["room"]["number"])
        listed = (await customer.post(f"/api/rooms/{ROOM}/marks", {"read": 2})).json()
        assert {"delivered": 2, "read": 2, "unread": 1} == listed
        await tablet.inbox.wait_for(lambda push: push["type"] == "chat.unread" and push["unread"] == 1)
        receipt = await shop.inbox.wait_for(lambda push: push["type"] == "chat.receipt")
        assert ("c1", 2, 2) == (receipt["user"], receipt["delivered"], receipt["read"])
        beyond = (await customer.post(f"/api/rooms/{ROOM}/marks", {"read": 99})).json()
        back = (await customer.post(f"/api/rooms/{ROOM}/marks", {"read": 1})).json()
        assert {"delivered": 4, "read": 4, "unread": 0} == beyond == back
    rooms = (await customer.get("/api/rooms")).json()
    assert (0, 0) == (rooms["unread"], rooms["items"][0]["unread"])
    assert "c" == rooms["items"][0]["last"]["text"]
    assert 1 == (await vendor.get("/api/rooms")).json()["unread"]


async def test_a_mark_that_moves_half_is_told_whole(service: Service, other: Service) -> None:
    """More is delivered while less is said to be read: the receipt tells both halves, and is not taken for old."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    async with vendor.socket() as shop:
        await shop.subscribe(CHANNEL)
        for n in range(5):
            await shop.request(message(f"v{n}"))
        await customer.post(f"/api/rooms/{ROOM}/marks", {"read": 4})
        moved = await customer.post(f"/api/rooms/{ROOM}/marks", {"delivered": 5, "read": 1})
        assert {"delivered": 5, "read": 4, "unread": 1} == moved.json()
        await shop.inbox.wait_for(
            lambda push: push["type"] == "chat.receipt" and (push["delivered"], push["read"]) == (5, 4), within_s=5
        )


async def test_an_orders_room_follows_its_order(service: Service, other: Service) -> None:
    """The rider is in from assignment to delivery and out of it within a second, in every process."""
    order_id = await service.order(rider="r1")
    room = f"order_{order_id}"
    admin, rider = service.person("admin", "a1"), other.person("rider", "r1")
    async with rider.socket("phone") as phone, other.person("customer", "c1").socket() as customer:
        joined = await phone.subscribe(f"room:{room}")
        assert [("c1", "customer"), ("v1", "vendor"), ("r1", "rider")] == [
            (member["user"], member["role"]) for member in joined["state"]["room"]["members"]
        ]
        assert "I'm here" in joined["state"]["quick_replies"]
        await customer.subscribe(f"room:{room}")
        said = {"type": "chat.send", "room": room, "client_id": str(uuid.uuid4()), "text": "on my way"}
        first = await phone.request(said)
        await admin.steps(order_id, "accepted", "preparing", "ready", "picked_up", "arriving", "delivered")
        gone = await phone.inbox.wait_for(lambda push: push["type"] == "unsubscribed", within_s=5)
        assert f"room:{room}" == gone["channel"]
        with pytest.raises(RequestRefused, match="not_found"):
            await phone.request(said | {"client_id": str(uuid.uuid4())})
        again = await phone.request(said)
        assert (first["offset"], True) == (again["offset"], again["duplicate"])
        told = await customer.inbox.wait_for(lambda push: push.get("system", {}).get("status") == "delivered")
        assert ("system", "r1") == (told["sender"], told["system"]["rider"])
        view = (await other.person("customer", "c1").get(f"/api/rooms/{room}")).json()
        assert (True, True) == (view["is_open"], view["closes_at"] is not None)


async def test_a_blocked_member_is_not_heard(service: Service, other: Service) -> None:
    """The customer blocks; the vendor's next message is refused in every process, until the block is lifted."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    async with customer.socket() as phone, vendor.socket() as shop:
        await shop.request(message("hello"))
        block = {"type": "chat.block", "room": ROOM, "user": "v1", "reason": "spam"}
        assert "ok" == (await phone.request(block))["type"]

        async def is_refused() -> bool:
            try:
                await shop.request(message("hello?"))
            except RequestRefused as refused:
                return refused.code == "blocked"
            return False

        assert await until_true(is_refused)
        assert 204 == (await customer.delete(f"/api/rooms/{ROOM}/blocks/v1")).status_code

        async def is_heard() -> bool:
            return not await is_refused()

        assert await until_true(is_heard)


async def test_a_report_keeps_what_was_said(service: Service) -> None:
    """An admin reads the words although they were deleted since; nobody else can read reports."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    await open_room(customer)
    said = (await vendor.post(f"/api/rooms/{ROOM}/messages", {"client_id": str(uuid.uuid4()), "text": "ugly"})).json()
    report = {"message_id": said["message_id"], "reason": "insults"}
    made = await customer.post(f"/api/rooms/{ROOM}/reports", report)
    assert (201, made.json()) == (made.status_code, (await customer.post(f"/api/rooms/{ROOM}/reports", report)).json())
    assert 204 == (await vendor.delete(f"/api/rooms/{ROOM}/messages/{said['message_id']}")).status_code
    assert 403 == (await customer.get("/api/reports")).status_code
    reports = (await service.person("admin", "a1").get("/api/reports")).json()["items"]
    assert [("insults", ["ugly"])] == [(each["reason"], [item["text"] for item in each["context"]]) for each in reports]


async def test_everybody_may_take_their_words_along_or_erase_them(service: Service) -> None:
    """The export has one's own messages only; after erasing, their texts are gone for everybody."""
    customer, vendor = service.person("customer", "c1"), service.person("vendor", "v1")
    await open_room(customer)
    for person, text in ((customer, "mine"), (vendor, "theirs"), (customer, "mine too")):
        await person.post(f"/api/rooms/{ROOM}/messages", {"client_id": str(uuid.uuid4()), "text": text})
    exported = (await customer.get("/api/chat/export")).json()
    assert ["mine", "mine too"] == [item["text"] for item in exported["items"]]
    assert {"messages": 2, "pictures": 0} == (await customer.delete("/api/chat/data")).json()
    items = (await vendor.get(f"/api/rooms/{ROOM}/messages")).json()["items"]
    assert ["", "theirs", "", "", ""] == [item["text"] for item in items]
