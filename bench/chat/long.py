"""A room of a hundred thousand messages: how long its newest page, a page somewhere and a resume take."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pymongo

from bench.chat.stage import DATABASE, Running, staged
from bench.chat.talk import quantile
from bench.page import table
from bench.tokens import token
from chat.messages import Say
from chat.plan import Head, Plan
from chat.room import Person
from client.reconnect import Ridewire
from client.wire import Message

ROOM, PAGE, TIMES, BATCH = "vendor_v1_customer_c1", 50, 200, 2000
PAUSE_S = 0.12  # a socket may ask 20 times a second, and a resume asks twice
WORDS = "Is the order ready, or does it take a little longer today?"
Ask = Callable[[], Awaitable[object]]


def fill(running: Running, messages: int) -> int:
    """Write what the service would have written, by its own plan; the log's last offset."""
    people = (Person("c1", "customer"), Person("v1", "vendor"))
    began, head = datetime.now(UTC) - timedelta(seconds=messages), Head()
    with pymongo.MongoClient[Message](running.mongod.url) as client:
        db = client[DATABASE]
        for start in range(0, messages, BATCH):
            plan = Plan({ROOM: head}, 0)
            for number in range(start, min(start + BATCH, messages)):
                at = began + timedelta(seconds=number)
                plan.say(Say(
                    room=ROOM, sender=people[number % 2], client_id=str(uuid.uuid4()), text=f"{number} {WORDS}", at=at
                ), {})
            db.channel_logs.insert_many(plan.logs, ordered=False)
            db.chat_messages.insert_many(plan.inserts, ordered=False)
            head = plan.heads[ROOM]
        fields = {"epoch": head.epoch, "offset": head.offset, "number": head.number, "sent": head.sent, "at": began}
        db.channel_heads.update_one({"_id": f"room:{ROOM}"}, {"$set": fields}, upsert=True)
    return head.offset


async def timed(ask: Ask, times: int) -> list[float]:
    """How long each of these takes, one after the other, no oftener than one socket may ask."""
    took = []
    for _ in range(times):
        began_s = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began_s) * 1000)
        await asyncio.sleep(PAUSE_S)
    return took


async def measure(running: Running, last: int) -> dict[str, list[float]]:
    """Each kind of reading by one member, who has a socket and asks over HTTP too."""
    chance, path = random.Random(1), f"/api/rooms/{ROOM}/messages"
    headers = {"Authorization": f"Bearer {token('c1', 'customer')}"}
    session = Ridewire.connect(running.origin + "/ws", token=token("c1", "customer"))
    async with session, httpx.AsyncClient(base_url=running.http, headers=headers, timeout=20) as http:
        channel = f"room:{ROOM}"
        joined = await session.subscribe(channel)
        assert joined["offset"] == last, f"the log ends at {joined['offset']}, not at {last}"

        async def page(before: int | None) -> None:
            asked = {"limit": PAGE} | ({"before": before} if before else {})
            answer = await http.get(path, params=asked)
            assert len(answer.raise_for_status().json()["items"]) == PAGE

        async def history() -> None:
            before = chance.randint(PAGE + 1, last)
            asked = {"type": "history", "channel": channel, "before": before, "limit": PAGE}
            assert len((await session.request(asked))["items"]) == PAGE

        async def resume(missed: int) -> None:
            await session.unsubscribe(channel)
            back = await session.subscribe(channel, recover={"epoch": joined["epoch"], "offset": last - missed})
            assert back["recovered"], "a page of history was needed"
            assert len(back["items"]) == missed

        return {
            "newest page (HTTP)": await timed(lambda: page(None), TIMES),
            "random page (HTTP)": await timed(lambda: page(chance.randint(PAGE + 1, last)), TIMES),
            "random page (socket)": await timed(history, TIMES),
            "resume, 20 missed": await timed(lambda: resume(20), TIMES),
            "resume, 250 missed": await timed(lambda: resume(250), TIMES),
        }


def run(messages: int) -> str:
    """Fill, ask, one table."""
    with staged("ridewire") as running:
        running.ask("POST", "/api/rooms", "c1", "customer", {"vendor_id": "v1"})
        last = fill(running, messages)
        found = asyncio.run(measure(running, last))
    rows = [[name, f"{quantile(took, 0.5):.1f}", f"{quantile(took, 0.99):.1f}"] for name, took in found.items()]
    return f"{last} messages, pages of {PAGE}, {TIMES} times each:\n\n" + table(["", "p50 ms", "p99 ms"], rows)
