"""The evidence of an order: everything on one clock, for staff alone, and harmless to read."""

import asyncio
import time
import uuid
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from redis.asyncio import Redis

from client.reconnect import Ridewire
from infra.clients import Database
from tests.api.serving import SHOP, Person, Service
from tests.waiting import until
from tracking.persister import Persister

HOSTILE = "<script>alert(1)</script> & <img src=x onerror=alert(2)>"


async def say(person: Person, order: str, text: str) -> str:
    """Say something in the order's room; the message's id."""
    body = {"client_id": str(uuid.uuid4()), "text": text}
    answer = await person.post(f"/api/rooms/order_{order}/messages", body)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["message_id"])


async def ride(service: Service) -> Ridewire:
    """A rider who is somewhere."""
    socket = service.person("rider", "r1").socket("phone")
    await socket.__aenter__()
    points = [{"seq": 1, "ts": int(time.time() * 1000), "lat": SHOP["lat"], "lng": SHOP["lng"], "accuracy": 5}]
    assert 1 == (await socket.report(points))["upto"]
    return socket


async def a_disputed_order(service: Service, database: Database) -> str:
    """An order with steps, words, a report and a notification."""
    order = await service.order(rider="r1")
    socket = await ride(service)
    admin, customer, vendor = (
        service.person("admin", "a1"), service.person("customer", "c1"), service.person("vendor", "v1")
    )
    await admin.steps(order, "accepted", "preparing")
    said = await say(customer, order, HOSTILE)
    taken_back = await say(vendor, order, "rude words")
    report = {"message_id": taken_back, "reason": "rude"}
    assert 201 == (await customer.post(f"/api/rooms/order_{order}/reports", report)).status_code
    assert 204 == (await vendor.delete(f"/api/rooms/order_{order}/messages/{taken_back}")).status_code
    changed = await customer.http.patch(f"/api/rooms/order_{order}/messages/{said}", json={"text": f"again {HOSTILE}"})
    assert 204 == changed.status_code
    await admin.steps(order, "ready", "picked_up")
    await socket.close()
    return order


class Tags(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


async def test_everything_stands_on_one_clock(service: Service, database: Database) -> None:
    """Steps, words and what became of them, reports with the words as they were: in order of time, nothing inner."""
    order = await a_disputed_order(service, database)
    answer = await service.person("dispatcher", "d1").get(f"/api/orders/{order}/evidence")
    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
    entries: list[dict[str, Any]] = answer.json()["entries"]
    instants = [datetime.fromisoformat(entry["at"]) for entry in entries]  # as text, whole seconds lack a fraction
    assert sorted(instants) == instants
    texts = {kind: [entry["text"] for entry in entries if entry["kind"] == kind] for kind in ("status", "chat")}
    steps = ["order_placed", "accepted", "preparing", "ready", "picked_up"]
    assert steps == list(dict.fromkeys(text for text in texts["status"] if text in steps))
    assert "took a message back" in texts["chat"]
    assert any(text.startswith("changed message") for text in texts["chat"])
    reports = [entry["data"] for entry in entries if entry["kind"] == "report"]
    frozen = {item["message_id"]: item["text"] for item in reports[0]["context"]}
    assert "rude words" == frozen[reports[0]["message_id"]]
    assert not [entry for entry in entries if {"own", "inside"} & entry["data"].keys()]


async def test_where_the_rider_was_is_part_of_it(
    service: Service, database: Database, redis_client: Redis, prefix: str
) -> None:
    """Once a place is stored it stands in the timeline, with the time of its fix and no place from before."""
    order = await a_disputed_order(service, database)
    stop = asyncio.Event()
    persisting = asyncio.create_task(Persister(redis_client, database, prefix, linger_s=0.0).run(stop))
    await until(lambda: database.tracks.find_one({}))
    stop.set()
    await persisting
    answer = await service.person("dispatcher", "d1").get(f"/api/orders/{order}/evidence")
    places = [entry for entry in answer.json()["entries"] if entry["kind"] == "place"]
    assert [("r1", SHOP["lat"], SHOP["lng"])] == [
        (entry["who"], entry["data"]["lat"], entry["data"]["lng"]) for entry in places
    ]


async def test_the_page_is_words_only(service: Service, database: Database) -> None:
    """Nothing that anybody wrote becomes an element; the policy lets nothing run or load."""
    order = await a_disputed_order(service, database)
    answer = await service.person("admin", "a1").get(f"/api/orders/{order}/evidence?format=html")
    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    tags = Tags()
    tags.feed(answer.text)
    plain = {"html", "head", "meta", "title", "style", "body", "h1", "ul", "li", "p", "table", "thead", "tbody", "tr",
             "th", "td", "time"}
    assert (set(), {"lang", "charset", "class"}) == (tags.names - plain, tags.attributes)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


async def test_only_staff_reads_it_and_that_is_remembered(service: Service, database: Database) -> None:
    """The order's own people, strangers and share links are refused; each reading leaves a trace."""
    order = await service.order(rider="r1")
    path = f"/api/orders/{order}/evidence"
    link = (await service.person("customer", "c1").post(f"/api/orders/{order}/share")).json()["token"]
    others = [
        service.person("customer", "c1"), service.person("vendor", "v1"), service.person("rider", "r1"),
        service.person("customer", "c2"), service.someone(link),
    ]
    refused = [(await each.get(path)).status_code for each in others]
    assert [] == [status for status in refused if status not in (403, 404)]
    assert 0 == await database.evidence_reads.count_documents({})
    for role, sub in (("dispatcher", "d1"), ("admin", "a1")):
        assert 200 == (await service.person(role, sub).get(path)).status_code  # type: ignore[arg-type]
    rows = [row async for row in database.evidence_reads.find().sort("at", 1)]
    assert [("d1", order), ("a1", order)] == [(row["by"], row["order"]) for row in rows]
    assert 404 == (await service.person("admin", "a1").get("/api/orders/nothing/evidence")).status_code


async def test_notifications_of_the_order_are_part_of_it(service: Service, database: Database) -> None:
    """What its people were told of it stands beside what happened; what they were told of other orders does not."""
    order = await service.order(rider="r1")
    placed = await database.orders.find_one({}) or {}
    told = [{"_id": f"n-{of}", "user": "c1", "role": "customer", "title": "Your order", "body": f"is {of}",
             "data": {"order": of}, "created_at": placed["created_at"]}
            for of in (order, "another")]
    await database.notifications.insert_many(told)

    async def listed() -> list[str]:
        answer = await service.person("admin", "a1").get(f"/api/orders/{order}/evidence")
        return [entry["text"] for entry in answer.json()["entries"] if entry["data"].get("id", "").startswith("n-")]

    await until(listed)
    assert [f"Your order: is {order}"] == await listed()
