"""What conversations hold of one person: handed out whole, erased whole, and gone by itself after its time."""

import time
import uuid
from datetime import timedelta
from typing import Any

import msgspec

from api.tokens import issue
from chat.room import Person as Talker
from infra.clients import Database
from infra.settings import Settings
from tests.api.rooms.test_attachments import said, sent_up
from tests.api.rooms.test_saying import ROOM, open_room
from tests.api.serving import TRUST, Person, Service, serving

PATH = f"/api/rooms/{ROOM}/messages"


def ana(service: Service) -> Person:
    """The customer, with a name in her token."""
    return service.someone(issue(TRUST, "c1", "customer", 900, "Ana Silva", now=time.time()), "c1")


async def test_all_of_it_is_handed_out(service: Service) -> None:
    """Messages, pictures that were sent and that wait, and the rooms; nothing of anybody else."""
    customer, vendor = ana(service), service.person("vendor", "v1")
    await open_room(customer)
    pictures = [await sent_up(customer, name) for name in ("door.png", "never said.png")]
    await customer.post(PATH, said(pictures[:1], "at the door"))
    await vendor.post(PATH, {"client_id": str(uuid.uuid4()), "text": "thanks"})
    given = await service.app.world.hall.own.export(Talker("c1", "customer"))
    assert [("at the door", [pictures[0]])] == [
        (each["text"], [picture["id"] for picture in each["attachments"]]) for each in given["messages"]
    ]
    assert [("door.png", ROOM), ("never said.png", None)] == [
        (each["name"], each["room"]) for each in given["pictures"]
    ]
    assert [ROOM] == [each["id"] for each in given["rooms"]]


async def test_erasing_leaves_neither_words_nor_name_nor_pictures(service: Service, database: Database) -> None:
    """Texts, pictures and the name are nowhere in the database; the other one's words stand, and numbers follow."""
    customer, vendor = ana(service), service.person("vendor", "v1")
    await open_room(customer)
    sent, waiting = await sent_up(customer), await sent_up(customer)
    await customer.post(PATH, said([sent], "my secret word"))
    await vendor.post(PATH, {"client_id": str(uuid.uuid4()), "text": "thanks"})
    erased = (await customer.delete("/api/chat/data")).json()
    assert {"messages": 1, "pictures": 1} == erased

    async def everything() -> str:
        names = await database.list_collection_names()
        return str([[row async for row in database[name].find()] for name in names])

    held = await everything()
    assert [] == [word for word in ("my secret word", "Ana Silva", sent, waiting) if word in held]
    items = (await vendor.get(PATH)).json()["items"]
    assert [(1, ""), (2, "thanks"), (1, "")] == [(item["number"], item["text"]) for item in items]
    assert {"messages": 0, "pictures": 0} == (await customer.delete("/api/chat/data")).json()


async def test_what_is_kept_for_a_time_has_its_end_written_on_it(settings: Settings, database: Database) -> None:
    """With CHAT_RETENTION_S, messages, their log items and their pictures end together, that long after they came."""
    kept: dict[str, list[Any]] = {}
    async with serving(msgspec.structs.replace(settings, chat_retention_s=3600)) as service:
        customer = service.person("customer", "c1")
        await open_room(customer)
        await customer.post(PATH, said([await sent_up(customer)], "for an hour"))
        for name in ("chat_messages", "channel_logs", "chat_attachments", "chat_pictures"):
            kept[name] = [row["expires_at"] async for row in database[name].find()]
    said_at = (await database.chat_messages.find_one({}) or {})["timestamp"]
    assert [1, 1, 1, 2] == [len(ends) for ends in kept.values()]
    assert {said_at + timedelta(hours=1)} == {end for ends in kept.values() for end in ends}
