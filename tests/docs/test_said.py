"""What the server really says is what the documents describe: every message of a day's work fits its type."""

import asyncio
import json
import time
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect

from api.contract import said
from api.contract.asyncapi import requests, tag
from tests.api.serving import Service

pytestmark = pytest.mark.long

AREA = "area:120.9,14.5,121.1,14.7"
SPOT = {"lat": 14.604321, "lng": 120.987654, "accuracy": 5.0, "speed": 4.0, "heading": 90.0}


class Heard:
    """A raw socket that keeps every message it hears, decoded by nothing but JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.messages, self.number = socket, list[dict[str, Any]](), 0

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Say something and listen until it is answered."""
        self.number += 1
        await self.socket.send(json.dumps({"type": kind, "id": self.number, **fields}))
        return await self.hear(lambda message: message.get("re") == self.number)

    async def hear(self, wanted: Any) -> dict[str, Any]:
        """Listen until a message is the wanted one."""
        async with asyncio.timeout(10):
            while True:
                frame = json.loads(await self.socket.recv())
                fresh = frame if isinstance(frame, list) else [frame]
                self.messages += fresh
                for message in fresh:
                    if wanted(message):
                        return dict(message)


async def a_days_work(service: Service, rider: Heard, boss: Heard) -> None:
    """Everything a rider and a dispatcher do, with the refusals that happen on the way."""
    await rider.ask("auth", token=service.person("rider", "r1").bearer, client="phone")
    await boss.ask("auth", token=service.person("dispatcher", "d1").bearer)
    order = await service.order(rider="r1")
    for channel in (f"order:{order}", "rider:r1", AREA, "ops"):
        await boss.ask("subscribe", channel=channel)
    await boss.ask("subscribe", channel="nonsense")
    await boss.ask("history", channel=f"order:{order}", limit=1)
    now = int(time.time() * 1000)
    points = [{"seq": 1, "ts": now, **SPOT}, {"seq": 2, "ts": now + 3_600_000, **SPOT}]
    await rider.ask("location.report", points=points, battery=0.5)
    await boss.hear(lambda message: message["type"] == "position" and message["channel"] == AREA)
    await service.person("admin", "a1").post(f"/api/orders/{order}/status", {"status": "accepted", "note": "soon"})
    await boss.hear(lambda message: message["type"] == "order" and message["channel"] == "ops")
    await rider.ask("dance")
    await boss.ask("unsubscribe", channel="rider:r1")
    await boss.ask("auth.renew", token="not a token")


async def test_every_message_fits_the_type_it_is_described_by(service: Service) -> None:
    """No field is missing in the documents and none is there in vain, for all that a rider and a dispatcher hear."""
    url = service.url.replace("http", "ws") + "/ws"
    async with connect(url) as one, connect(url) as two:
        rider, boss = Heard(one), Heard(two)
        await a_days_work(service, rider, boss)
    heard = rider.messages + boss.messages
    for message in heard:
        msgspec.convert(message, said.Message)
    seen = {"welcome", "subscribed", "history.page", "location.ack", "position", "order", "error", "unsubscribed"}
    assert set() == seen - {message["type"] for message in heard}


def test_every_request_has_a_described_answer() -> None:
    """The documents leave no command without its answer."""
    assert {tag(kind) for kind in requests()} == set(said.ANSWERS)
