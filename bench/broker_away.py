"""RabbitMQ is away for a minute while orders are placed: what is promised, kept, and what it costs.

The same number of orders at the same pace, first with the broker and then without: it is killed before the first one
and started after the last. Then the worker is killed -9 and orders are placed that it cannot publish. Every 201 must
have its order, its event and that event's effects, once each, in the end. Exit code 1 when one is missing or stands
twice, or an order was not placed.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pymongo

from bench.tokens import token
from bench.usage import machine
from bench.world import Running, run, start_worker
from infra.embedded.rabbitmq import RabbitMQ

SETTLE_S = 60.0
WARMED_WITH, KILLED_WITH = 10, 20
SHOP, DOOR = {"lat": 41.15, "lng": -8.61}, {"lat": 41.16, "lng": -8.60}


class Round(msgspec.Struct):
    """Orders of one round: ids of those promised, how long each took, how many were refused."""

    placed: list[str]
    took_ms: list[float]
    refused: int = 0

    def at(self, share: float) -> float:
        """A percentile of the times."""
        return sorted(self.took_ms)[min(len(self.took_ms) - 1, int(len(self.took_ms) * share))]


async def place(http: httpx.AsyncClient, number: int, told: Round) -> None:
    """One order, timed."""
    body = {"customer_id": f"c{number % 20}", "vendor_id": f"v{number % 5}", "pickup": SHOP, "dropoff": DOOR}
    began_s = time.perf_counter()
    answer = await http.post("/api/orders", json=body)
    if answer.status_code != 201:
        told.refused += 1
        return
    told.took_ms.append((time.perf_counter() - began_s) * 1000)
    told.placed.append(str(answer.json()["id"]))


async def orders(running: Running, count: int, seconds: float) -> Round:
    """So many orders, evenly over so many seconds."""
    told = Round([], [])
    headers = {"Authorization": f"Bearer {token('a1', 'admin')}"}
    client = httpx.AsyncClient(base_url=running.http, headers=headers, timeout=30)
    async with client as http, asyncio.TaskGroup() as all_:
        began_s = time.monotonic()
        for number in range(count):
            await asyncio.sleep(max(0.0, began_s + number * seconds / count - time.monotonic()))
            all_.create_task(place(http, number, told))
    return told


class Kept(msgspec.Struct):
    """What MongoDB holds of the promised orders."""

    orders: int
    events: int
    waiting: int
    counted: int
    notified: int


def kept(running: Running, promised: list[str]) -> Kept:
    """Asked directly, without any of the service's own reading."""
    with pymongo.MongoClient[dict[str, Any]](running.env["MONGO_URL"]) as client:
        db = client[running.env["MONGO_DB"]]
        wanted = {"type": "ORDER_CREATED", "data.orderId": {"$in": promised}}
        ids = [row["_id"] for row in db.outbox.find(wanted, {"_id": 1})]
        tallies = db.tallies.aggregate([
            {"$match": {"_id.type": "ORDER_CREATED"}}, {"$group": {"_id": None, "events": {"$sum": "$events"}}},
        ])
        return Kept(
            orders=db.orders.count_documents({"_id": {"$in": promised}}), events=len(ids),
            waiting=db.outbox.count_documents({"waiting": True}), counted=sum(row["events"] for row in tallies),
            notified=db.events_done.count_documents({"_id": {"$in": [f"{each}:notify" for each in ids]}}),
        )


async def settled(running: Running, promised: list[str]) -> tuple[Kept, float]:
    """What is kept once all effects are there, or patience ends; and after how many seconds."""
    began_s = time.monotonic()
    while True:
        found = await asyncio.to_thread(kept, running, promised)
        took_s, wanted = time.monotonic() - began_s, len(promised)
        if (found.waiting == 0 and found.counted >= wanted and found.notified >= wanted) or took_s > SETTLE_S:
            return found, took_s
        await asyncio.sleep(0.2)


async def worker_killed(running: Running, count: int) -> tuple[Round, float]:
    """kill -9 of the only worker, orders that it cannot publish, and a new one: how long until the broker has all."""
    assert running.worker is not None
    await asyncio.to_thread(running.worker.kill)
    told = await orders(running, count, 2)
    began_s = time.monotonic()
    await asyncio.to_thread(start_worker, running)
    while (await asyncio.to_thread(kept, running, told.placed)).waiting:
        if time.monotonic() - began_s > SETTLE_S:
            break
        await asyncio.sleep(0.05)
    return told, time.monotonic() - began_s


async def story(running: Running, broker: RabbitMQ, options: argparse.Namespace) -> bool:
    """With, without, and after."""
    warmed = await orders(running, WARMED_WITH, 2)
    await settled(running, warmed.placed)  # the worker is up
    with_it = await orders(running, options.orders, options.seconds)
    await asyncio.to_thread(broker.kill)
    without = await orders(running, options.orders, options.seconds)
    in_outage = await asyncio.to_thread(kept, running, without.placed)
    await asyncio.to_thread(broker.start)
    first, took_s = await settled(running, with_it.placed + without.placed)
    crashed, published_s = await worker_killed(running, KILLED_WITH)
    promised = with_it.placed + without.placed + crashed.placed
    found, _ = await settled(running, promised)
    rows = {
        "orders placed with RabbitMQ, refused": f"{len(with_it.placed)}, {with_it.refused}",
        f"orders placed during {options.seconds:.0f} s without, refused": f"{len(without.placed)}, {without.refused}",
        "events waiting at the end of the outage": in_outage.waiting,
        "answer to an order with RabbitMQ, p50 / p95, ms": f"{with_it.at(.5):.0f} / {with_it.at(.95):.0f}",
        "answer without, p50 / p95, ms": f"{without.at(.5):.0f} / {without.at(.95):.0f}",
        "all effects there after RabbitMQ answered again, s": f"{took_s:.1f}",
        f"their events counted by then ({WARMED_WITH} of them before)": first.counted,
        f"worker killed -9, {KILLED_WITH} orders, all published after its start, s": f"{published_s:.1f}",
        "promised orders in MongoDB": f"{found.orders} of {len(promised)}",
        "their events": found.events,
        f"events counted ({WARMED_WITH} of them before)": found.counted,
        "events that notified, once each": found.notified,
    }
    print(f"Measured on {machine()}.\n\n| | |\n|---|--:|")
    print("\n".join(f"| {name} | {value} |" for name, value in rows.items()))
    wanted = 2 * options.orders + KILLED_WITH
    return [wanted] * 3 + [wanted + WARMED_WITH] == [found.orders, found.events, found.notified, found.counted]


def main() -> int:
    """The table; 1 when a promise was not kept."""
    words = argparse.ArgumentParser(prog="python -m bench.broker_away", description=__doc__)
    words.add_argument("--orders", type=int, default=200, help="in each round")
    words.add_argument("--seconds", type=float, default=60)
    options = words.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-outage-")))
        broker = RabbitMQ(directory / "rabbitmq").start()
        stack.callback(broker.stop)
        running = stack.enter_context(run("ridewire", {"RABBITMQ_URL": broker.url}))
        return 0 if asyncio.run(story(running, broker, options)) else 1


if __name__ == "__main__":
    sys.exit(main())
