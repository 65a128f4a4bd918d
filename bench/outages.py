"""Each server away for a while, one after the other: what health says, what still works meanwhile, when all is well.

    python -m bench.outages [--away 60] [--restarts 20]

A rider keeps reporting over the socket, a watcher watches, orders are placed over HTTP. Counted is what succeeded while
the server was away; "back" is the time from its start until health was good and a report, an order and a position at
the watcher had passed again. Nothing of the service is restarted: it must recover by itself. Then Valkey is killed and
started again, as many times as wanted, and each recovery is timed.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bench.tokens import token
from bench.usage import machine
from bench.world import Running, start_ridewire
from client.reconnect import Ridewire
from client.rider import RiderUplink
from client.wire import Message
from infra.embedded.rabbitmq import RabbitMQ
from infra.embedded.valkey import Valkey

TRY_EVERY_S = 0.5
WELL_WITHIN_S = 90.0
PLACES = {"pickup": {"lat": 14.5995, "lng": 120.9842}, "dropoff": {"lat": 14.6095, "lng": 120.9942}}


class Tally(msgspec.Struct):
    """What was tried and what came of it."""

    orders: list[int]
    acked: list[float]
    seen: list[float]


class Row(msgspec.Struct):
    """One outage, for the table."""

    what: str
    health: str
    orders: str
    acks: int
    seen: int
    back_s: float


async def ride(url: str, tally: Tally, end: asyncio.Event) -> None:
    """A point each half second, kept until it is acknowledged."""
    session = Ridewire.connect(url, token=token("r1", "rider"), client="phone-1")

    def durable(_: Message) -> None:
        tally.acked.append(time.monotonic())

    async with session, RiderUplink(session, pace=1000.0, on_durable=durable) as up:
        while not end.is_set():
            up.add(14.6 + up.added * 2e-6, 120.98, accuracy=5.0)
            await asyncio.sleep(TRY_EVERY_S)


async def watch(url: str, tally: Tally, end: asyncio.Event) -> None:
    """A dispatcher who looks at the rider."""
    def see(push: Message) -> None:
        if push["type"] == "position":
            tally.seen.append(time.monotonic())

    async with Ridewire.connect(url, token=token("d1", "dispatcher")) as session:
        await session.subscribe("rider:r1", handler=see)
        await end.wait()


async def place(http: httpx.AsyncClient, tally: Tally, end: asyncio.Event) -> None:
    """An order each half second, never waited for longer than ten."""
    bearer = {"Authorization": f"Bearer {token('a1', 'admin')}"}
    body = {"customer_id": "c1", "vendor_id": "v1", **PLACES}
    while not end.is_set():
        with contextlib.suppress(httpx.HTTPError):
            tally.orders.append((await http.post("/api/orders", json=body, headers=bearer)).status_code)
        await asyncio.sleep(TRY_EVERY_S)


async def health(http: httpx.AsyncClient) -> dict[str, Any]:
    """What /health/detailed says; nothing when it does not answer."""
    with contextlib.suppress(httpx.HTTPError):
        return dict((await http.get("/health/detailed")).json())
    return {}


async def all_well(http: httpx.AsyncClient, tally: Tally, since: float) -> float:
    """Seconds from `since` until everything works; raises TimeoutError when it never does."""
    orders = len(tally.orders)
    async with asyncio.timeout(WELL_WITHIN_S):
        while True:
            passed = 201 in tally.orders[orders:] and tally.acked[-1:] > [since] and tally.seen[-1:] > [since]
            if passed and (await health(http)).get("status") == "healthy":
                return time.monotonic() - since
            await asyncio.sleep(0.1)


async def outage(
    http: httpx.AsyncClient, tally: Tally, what: str, stop: Callable[[], Any], start: Callable[[], Any], away_s: float
) -> Row:
    """Take the server away, look, and bring it back."""
    orders, acked, seen = len(tally.orders), len(tally.acked), len(tally.seen)
    await asyncio.to_thread(stop)
    await asyncio.sleep(away_s)
    said = await health(http)
    down = [name for name, part in said.get("components", {}).items() if part["status"] == "down"]
    tried = tally.orders[orders:]
    codes = ", ".join(f"{tried.count(code)} x {code}" for code in sorted(set(tried))) or "none answered"
    row = Row(what, f"{said.get('status', 'silent')}: {', '.join(down) or '-'}", codes, len(tally.acked) - acked,
              len(tally.seen) - seen, 0.0)
    since = time.monotonic()
    await asyncio.to_thread(start)
    row.back_s = await all_well(http, tally, since)
    return row


async def restarts(http: httpx.AsyncClient, tally: Tally, valkey: Valkey, times: int) -> list[float]:
    """Kill -9 and start Valkey again; seconds from each kill to all well."""
    took = []
    for _ in range(times):
        since = time.monotonic()
        await asyncio.to_thread(valkey.kill)
        await asyncio.to_thread(valkey.start)
        took.append(await all_well(http, tally, since))
    return took


async def measure(running: Running, rabbitmq: RabbitMQ, away_s: float, times: int) -> int:
    """Everything, printed as it is known."""
    assert running.mongod is not None
    tally, end = Tally([], [], []), asyncio.Event()
    url = f"{running.origin}/ws"
    async with httpx.AsyncClient(base_url=running.http, timeout=10) as http, asyncio.TaskGroup() as tasks:
        for work in (ride(url, tally, end), watch(url, tally, end), place(http, tally, end)):
            tasks.create_task(work)
        await all_well(http, tally, time.monotonic())
        print("| away | health | orders | acks | positions seen | back after s |\n|---|---|---|--:|--:|--:|")
        for what, server in (("Valkey", running.valkey), ("MongoDB", running.mongod), ("RabbitMQ", rabbitmq)):
            row = await outage(http, tally, what, server.stop, server.start, away_s)
            cells = (row.what, row.health, row.orders, row.acks, row.seen, f"{row.back_s:.1f}")
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
        took = await restarts(http, tally, running.valkey, times)
        if took:
            ordered = sorted(took)
            print(f"\nValkey killed {times} times: all well after {ordered[len(ordered) // 2]:.1f} s (median), "
                  f"{ordered[-1]:.1f} s (longest); server process {'the same' if running.server.pids() else 'gone'}")
        end.set()
    return 0


def main() -> int:
    """From nothing to a table."""
    words = argparse.ArgumentParser(prog="python -m bench.outages")
    words.add_argument("--away", type=float, default=60.0, help="seconds each server stays away")
    words.add_argument("--restarts", type=int, default=20, help="how often Valkey is killed at the end")
    given = words.parse_args()
    print(machine())
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ridewire-outages-")))
        rabbitmq = RabbitMQ(directory / "rabbitmq").start()
        stack.callback(rabbitmq.stop)
        valkey = Valkey(directory / "valkey").start()
        stack.callback(valkey.stop)
        more = {"RABBITMQ_URL": rabbitmq.url, "LOG_LEVEL": "info"}
        running = start_ridewire(stack, directory, valkey, more)
        try:
            return asyncio.run(measure(running, rabbitmq, given.away, given.restarts))
        finally:
            for name in ("serve", "worker"):
                Path(f"/tmp/outages-{name}.log").write_bytes((directory / f"{name}.log").read_bytes())  # noqa: S108


if __name__ == "__main__":
    sys.exit(main())
