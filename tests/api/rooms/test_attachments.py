"""Pictures in rooms: sent up by their owner, named by one message, seen by members only, gone with the message."""

import asyncio
import io
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from chat.rooms import utc_now
from client.errors import RequestRefused
from infra.clients import Database
from tests.api.rooms.test_saying import CHANNEL, ROOM, message, open_room
from tests.api.serving import Person, Service, asking


def picture(kind: str = "JPEG", side: int = 600) -> bytes:
    """A picture file."""
    out = io.BytesIO()
    Image.new("RGB", (side, side // 2), (200, 80, 10)).save(out, kind)
    return out.getvalue()


async def send_up(person: Person, name: str = "door.jpg", data: bytes | None = None) -> httpx.Response:
    """Upload a picture under this name."""
    return await person.http.post(
        "/api/attachments", files={"file": (name, picture() if data is None else data, "text/html")}
    )


async def sent_up(person: Person, name: str = "door.jpg") -> str:
    """The id of a new attachment."""
    answer = await send_up(person, name)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["id"])


async def statuses(attachment: str, *people: Person) -> list[int]:
    """What each of them gets who asks for the picture."""
    return [(await each.get(f"/api/attachments/{attachment}")).status_code for each in people]


def said(attachments: list[str], text: str = "", client_id: str = "") -> dict[str, Any]:
    return {"client_id": client_id or str(uuid.uuid4()), "text": text, "attachments": attachments}


async def test_a_picture_is_seen_by_its_room_and_nobody_else(service: Service, other: Service) -> None:
    """Before it is said only its owner sees it; then every member; a stranger, an admin and another role never."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    strangers = [service.person("customer", "c2"), service.person("admin", "a1"), service.person("rider", "c1")]
    await open_room(customer)
    async with vendor.socket() as shop, customer.socket() as phone:
        await shop.subscribe(CHANNEL)
        attachment = await sent_up(customer)
        assert [200, 404, 404, 404, 404] == await statuses(attachment, customer, vendor, *strangers)
        ack = await phone.request(message("", attachments=[attachment]))
        push = await shop.inbox.wait_for(lambda told: told["type"] == "chat.message")
        shown = push["attachments"][0]
        assert (attachment, "door.jpg", "image/webp", 600, 300) == tuple(
            shown[name] for name in ("id", "name", "type", "width", "height")
        )
        assert ("", ack["number"]) == (push["text"], push["number"])
    assert [200, 200, 404, 404, 404] == await statuses(attachment, customer, vendor, *strangers)
    async with asking(service.url) as nobody:
        assert 401 == (await nobody.get(f"/api/attachments/{attachment}")).status_code


async def test_a_picture_comes_as_a_file_of_ours(service: Service) -> None:
    """Whatever it was called or said to be: WebP by content, not sniffed, not run, kept by one browser alone."""
    customer = service.person("customer", "c1")
    attachment = await sent_up(customer, "../../<img src=x onerror=alert(1)>\u202egnp.html")
    full = await customer.get(f"/api/attachments/{attachment}")
    small = await customer.get(f"/api/attachments/{attachment}?size=small")
    assert ["image/webp", "nosniff", "private, max-age=3600"] == [
        full.headers[name] for name in ("content-type", "x-content-type-options", "cache-control")
    ]
    named = full.headers["content-disposition"]
    assert named.startswith('attachment; filename="picture.webp"; filename*=UTF-8\'\'%3Cimg')
    assert "default-src 'none'" in full.headers["content-security-policy"]
    assert [(600, 300), (480, 240)] == [Image.open(io.BytesIO(each.content)).size for each in (full, small)]
    assert 400 == (await customer.get(f"/api/attachments/{attachment}?size=huge")).status_code


async def test_what_is_no_picture_is_refused(service: Service) -> None:
    """Pages, scraps, too much, no file at all, and a guest: each is told what is wrong, and nothing is kept."""
    customer = service.person("customer", "c1")
    answers = [
        await send_up(customer, data=b"<html><script>alert(1)</script></html>"),
        await send_up(customer, data=picture()[:200]), await send_up(customer, data=b""),
        await send_up(customer, data=b"\xff\xd8" + bytes(8 * 1024 * 1024)),
        await customer.http.post("/api/attachments", json={"file": "x"}),
        await customer.http.post("/api/attachments", files={"other": ("a", b"b")}),
    ]
    assert [415, 422, 422, 413, 400, 400] == [answer.status_code for answer in answers]
    assert all("problem+json" in answer.headers["content-type"] for answer in answers)
    assert 0 == await service.app.world.hall.album.waiting("customer:c1")


async def test_an_attachment_goes_with_one_message_of_its_owner(service: Service, other: Service) -> None:
    """Not with somebody else's, not twice, not when it is made up; the same message again is acked as before."""
    customer, vendor = service.person("customer", "c1"), other.person("vendor", "v1")
    await open_room(customer)
    attachment = await sent_up(customer)
    path = f"/api/rooms/{ROOM}/messages"
    stolen = await vendor.post(path, said([attachment]))
    invented = await customer.post(path, said(["a" + "0" * 32]))
    malformed = await customer.post(path, said(["../etc/passwd"]))
    empty = await customer.post(path, said([]))
    assert [404, 404, 400, 400] == [each.status_code for each in (stolen, invented, malformed, empty)]
    bodies = [said([attachment], f"at the door {n}") for n in range(6)]
    twin = other.person("customer", "c1")
    answers = await asyncio.gather(*((customer, twin)[n % 2].post(path, body) for n, body in enumerate(bodies)))
    assert [201, 409, 409, 409, 409, 409] == sorted(answer.status_code for answer in answers)
    won = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 201)
    again = await twin.post(path, won)
    assert (200, True) == (again.status_code, again.json()["duplicate"])
    items = (await vendor.get(path)).json()["items"]
    assert [[attachment]] == [[each["id"] for each in item["attachments"]] for item in items]


async def test_a_deleted_message_takes_its_picture_along(service: Service, database: Database) -> None:
    """Nobody sees it any more, and its bytes are gone; what was reported an admin still sees."""
    customer, vendor, admin = (
        service.person("customer", "c1"), service.person("vendor", "v1"), service.person("admin", "a1")
    )
    await open_room(customer)
    path = f"/api/rooms/{ROOM}/messages"
    kept, gone = await sent_up(vendor), await sent_up(vendor)
    sent = [(await vendor.post(path, said([each]))).json()["message_id"] for each in (gone, kept)]
    report = {"message_id": sent[1], "reason": "shocking"}
    assert 201 == (await customer.post(f"/api/rooms/{ROOM}/reports", report)).status_code
    await database.chat_attachments.update_one({"_id": gone}, {"$unset": {"held": ""}})
    for each in sent:
        assert 204 == (await vendor.delete(f"{path}/{each}")).status_code
    assert [404, 404, 404] == await statuses(gone, customer, vendor, admin)
    assert [404, 404, 200] == await statuses(kept, customer, vendor, admin)
    assert {kept} == {row["_id"]["of"] async for row in database.chat_pictures.find()}


async def test_what_waits_too_long_or_is_too_much_is_not_kept(service: Service, database: Database) -> None:
    """A waiting picture has a day, which ends when its message claims it; thirty may wait at once."""
    customer = service.person("customer", "c1")
    await open_room(customer)
    first, late = await sent_up(customer), await sent_up(customer)
    rows = [row async for row in database.chat_attachments.find()]
    lives = [row["expires_at"] - row["at"] for row in rows]
    assert [timedelta(hours=24)] * 2 == lives
    over = {"$set": {"expires_at": utc_now() - timedelta(seconds=1)}}
    await database.chat_attachments.update_one({"_id": late}, over)
    async with customer.socket() as phone:
        with pytest.raises(RequestRefused, match="not_found"):
            await phone.request(message("too late", attachments=[late]))
        await phone.request(message("in time", attachments=[first]))
    assert 0 == await database.chat_pictures.count_documents({"_id.of": first, "expires_at": {"$exists": True}})
    waiting = [{"_id": f"w{n}", "owner": "customer:c1", "message": None} for n in range(30)]
    await database.chat_attachments.insert_many(waiting)
    assert 429 == (await send_up(customer)).status_code
