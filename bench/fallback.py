"""Notify once, as a race: notifications to people who are here, away, or whose socket is open with nobody behind it.

Every person has a browser that gets pushes from a push service on this machine, which decrypts them. Those who are here
acknowledge what their socket brings. Each notification must interrupt its person exactly once: on the socket of those
who are here, by push for the others. A worker is killed with -9 in the middle and started again. Decision times are
taken from MongoDB. Exit code 1 when somebody was interrupted twice or not at all, or the p99 is above five seconds.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack

import http_ece
import msgspec
import pymongo
from cryptography.hazmat.primitives.asymmetric import ec

from bench.tokens import token
from bench.usage import machine
from bench.world import Running, run, start_worker
from client.reconnect import Ridewire
from client.wire import Message
from events.outbox import Outbox
from infra.clients import open_mongo
from notifications.book import Book
from notifications.ways.vapid import CURVE, b64, public_bytes, write_private

KINDS = ("here", "away", "half dead")
TARGET_P99_S, ALL_WITHIN_S = 5.0, 60.0


class Browsers:
    """The push service and the browsers behind it: reads each push and counts it by notification."""

    def __init__(self) -> None:
        self.pushed: Counter[str] = Counter()
        self.keys: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = {}
        self.port = 0

    def make(self, person: str) -> tuple[str, str, str]:
        """Endpoint, p256dh and auth of a person's browser."""
        key, auth = ec.generate_private_key(CURVE), os.urandom(16)
        self.keys[f"/{person}"] = (key, auth)
        return f"http://127.0.0.1:{self.port}/{person}", b64(public_bytes(key)), b64(auth)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One push."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ", 2)[1]
        lines = head.lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
        body = await reader.readexactly(length)
        key, auth = self.keys[path]
        plain = http_ece.decrypt(body, private_key=key, auth_secret=auth, version="aes128gcm")
        self.pushed[msgspec.json.decode(plain)["title"]] += 1
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


async def connect(stack: AsyncExitStack, url: str, person: str, shown: Counter[str], *, answers: bool) -> None:
    """A person's socket; with somebody behind it what it brings is shown and acknowledged."""
    session = await stack.enter_async_context(Ridewire.connect(f"{url}/ws", token=token(person, "customer")))
    asking: set[asyncio.Task[Message]] = set()

    def hear(push: Message) -> None:
        if answers and push["type"] == "notification":
            shown[push["title"]] += 1
            ack = {"type": "notification.ack", "ids": [push["notification_id"]], "state": "delivered"}
            task = asyncio.ensure_future(session.request(ack))
            asking.add(task)
            task.add_done_callback(asking.discard)

    await session.subscribe(f"user:{person}", handler=hear)


async def tell(running: Running, people: list[str], count: int, over_s: float) -> None:
    """Say it to one after the other, as a marketplace's backend would: `notification.send` in the outbox."""
    async with open_mongo(running.env["MONGO_URL"], running.env["MONGO_DB"]) as db:
        outbox, began = Outbox(db), time.monotonic()
        for number in range(count):
            data = {
                "userId": people[number % len(people)], "role": "customer", "kind": "notice", "title": f"n{number}",
                "text": "what there is to say",
            }
            await outbox.add("NOTIFICATION_SEND", data, session=None)
            await asyncio.sleep(max(0.0, began + (number + 1) * over_s / count - time.monotonic()))


async def kill_worker(running: Running, after_s: float) -> None:
    """kill -9, and another one."""
    await asyncio.sleep(after_s)
    assert running.worker is not None
    running.worker.kill()
    await asyncio.to_thread(start_worker, running)


async def race(running: Running, options: argparse.Namespace) -> bool:
    """Everything; whether it held."""
    browsers, shown = Browsers(), Counter[str]()
    server = await asyncio.start_server(browsers.serve, "127.0.0.1", 0)
    browsers.port = server.sockets[0].getsockname()[1]
    people = [f"p{number}" for number in range(options.people)]
    kind_of = {person: KINDS[number % 3] for number, person in enumerate(people)}
    async with AsyncExitStack() as stack:
        async with open_mongo(running.env["MONGO_URL"], running.env["MONGO_DB"]) as db:
            for person in people:
                await Book(db).subscribe(person, *browsers.make(person))
        for person, kind in kind_of.items():
            if kind != "away":
                await connect(stack, running.origin, person, shown, answers=kind == "here")
        killing = asyncio.create_task(kill_worker(running, options.seconds / 2)) if options.kill else None
        await tell(running, people, options.notifications, options.seconds)
        if killing is not None:
            await killing
        rows = await decided(running, options.notifications)
    server.close()
    return report(rows, kind_of, shown, browsers.pushed, options)


async def decided(running: Running, count: int) -> list[Message]:
    """Every notification, once each is decided or it took too long."""
    client: pymongo.MongoClient[Message] = pymongo.MongoClient(running.env["MONGO_URL"])
    found = client[running.env["MONGO_DB"]].notifications
    end = time.monotonic() + ALL_WITHIN_S
    while time.monotonic() < end and found.count_documents({"decision": {"$ne": "pending"}}) < count:  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(0.5)
    rows = list(found.find({}))
    client.close()
    return rows


def report(
    rows: list[Message], kind_of: dict[str, str], shown: Counter[str], pushed: Counter[str], options: argparse.Namespace
) -> bool:
    """The table, and whether everything held."""
    print(f"{machine()}\n")
    print("| people | notifications | interrupted once | twice | not at all | on the socket | by push "
          "| p50 s | p99 s | longest s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    held: bool = len(rows) == options.notifications
    for kind in (*KINDS, "all"):
        ours = [row for row in rows if kind in ("all", kind_of[row["user"]])]
        counts = Counter(min(2, shown[row["title"]] + pushed[row["title"]]) for row in ours)
        waits = sorted((row.get("decided_ms", 1e15) - row["told_ms"]) / 1000 for row in ours) or [0.0]
        p50, p99 = (waits[min(len(waits) - 1, int(len(waits) * share))] for share in (0.5, 0.99))
        socket, push = (sum(each[row["title"]] for row in ours) for each in (shown, pushed))
        print(f"| {kind} | {len(ours)} | {counts[1]} | {counts[2]} | {counts[0]} | {socket} | {push} "
              f"| {p50:.2f} | {p99:.2f} | {waits[-1]:.2f} |")
        held = held and counts[1] == len(ours) and p99 <= TARGET_P99_S
    return held


def main() -> None:
    """Run it against a Ridewire of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench.fallback", description=__doc__)
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--notifications", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40.0, help="over which they are told")
    parser.add_argument("--kill", action="store_true", help="kill -9 the worker in the middle")
    options = parser.parse_args()
    more = {"VAPID_PRIVATE_KEY": write_private(ec.generate_private_key(CURVE)), "OUTBOUND_ALLOW": "127.0.0.0/8"}
    with run("ridewire", more) as running:
        held = asyncio.run(race(running, options))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
