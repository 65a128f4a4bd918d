"""What kill -9 loses: of the server, of the worker and of Valkey, one after the other, under load.

Riders report through the real client, which keeps a point until it is acknowledged. Each has a watcher. After the last
crash every rider sends what it still holds, and then MongoDB is asked directly: every acknowledged point must be there,
once, and every watcher must show its rider's last point. Exit code 1 when one is missing or stands twice.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise

import msgspec
import pymongo

from bench.tokens import token
from bench.usage import machine
from bench.world import Running, run, start_server, start_worker
from client.reconnect import Ridewire
from client.rider import RiderUplink
from client.wire import Message
from tracking.chunk import rows_of

FAULT_EVERY_S = 8.0
IN_MONGO_WITHIN_S = 120.0
PACE = 1000.0  # the clients ignore the interval they are asked to keep: this is a load
STEP_DEGREES = 2e-6


class Story(msgspec.Struct):
    """What happened: acknowledged points by rider, and when acknowledgements came."""

    acked: dict[str, set[int]]
    ack_times: list[float]
    shown: dict[str, Message]


class Fault(msgspec.Struct):
    """A crash, when it was, and how long nobody was acknowledged after it."""

    name: str
    at: float
    silence_s: float = 0.0


async def ride(url: str, name: str, every_s: float, story: Story, end: asyncio.Event) -> RiderUplink:
    """One rider: a point each `every_s` until the end, then until nothing is held any more."""
    story.acked[name] = set()

    def durable(point: Message) -> None:
        story.acked[name].add(point["seq"])
        story.ack_times.append(time.monotonic())

    session = Ridewire.connect(url, token=token(name, "rider"), client="phone-1")
    async with session, RiderUplink(session, pace=PACE, on_durable=durable) as uplink:
        while not end.is_set():
            uplink.add(41.1 + uplink.added * STEP_DEGREES, -8.6, accuracy=5.0)
            await asyncio.sleep(every_s)
        await uplink.drained(within_s=60)
    return uplink


async def watch(url: str, name: str, story: Story, end: asyncio.Event) -> int:
    """One watcher: remembers the newest position it was shown; returns how often it had to come back."""

    def see(push: Message) -> None:
        newest = push.get("state", {}).get("position") if push["type"] == "subscribed" else push
        if newest and newest["type"] == "position":
            story.shown[name] = newest

    async with Ridewire.connect(url, token=token(f"d-{name}", "dispatcher")) as session:
        await session.subscribe(f"rider:{name}", handler=see)
        await end.wait()
        return session.connections - 1


def crash_server(running: Running) -> None:
    """kill -9 the server and start it again on the same port."""
    running.server.kill()
    start_server(running)


def crash_worker(running: Running) -> None:
    """kill -9 the worker, and start another."""
    if running.worker is not None:
        running.worker.kill()
        start_worker(running)


def crash_valkey(running: Running) -> None:
    """kill -9 Valkey; it comes back with what its append-only file holds."""
    running.valkey.kill()
    running.valkey.start()


FAULTS: Mapping[str, Callable[[Running], None]] = {
    "server": crash_server, "worker": crash_worker, "Valkey": crash_valkey,
}


async def break_things(running: Running, wanted: list[str]) -> list[Fault]:
    """Every fault in turn, with time to recover between."""
    faults = []
    await asyncio.sleep(FAULT_EVERY_S)
    for name in wanted:
        faults.append(Fault(name, time.monotonic()))
        await asyncio.to_thread(FAULTS[name], running)
        await asyncio.sleep(FAULT_EVERY_S)
    return faults


def in_mongo(running: Running, riders: list[str]) -> dict[str, Counter[int]]:
    """How often each seq stands in the stored tracks, read without any of the service's own reading."""
    found: dict[str, Counter[int]] = {rider: Counter() for rider in riders}
    url = running.env["MONGO_URL"]
    with pymongo.MongoClient[Message](url) as client:
        for document in client[running.env["MONGO_DB"]]["tracks"].find():
            found.setdefault(document["_id"]["r"], Counter()).update(point.seq for _, point in rows_of(document))
    return found


async def settled(running: Running, story: Story) -> dict[str, Counter[int]]:
    """What MongoDB holds once it holds every acknowledged point, or when patience ends."""
    deadline = time.monotonic() + IN_MONGO_WITHIN_S
    while True:
        stored = await asyncio.to_thread(in_mongo, running, list(story.acked))
        missing = sum(len(seqs - stored[rider].keys()) for rider, seqs in story.acked.items())
        if not missing or time.monotonic() > deadline:
            return stored
        await asyncio.sleep(1)


def silences(faults: list[Fault], ack_times: list[float]) -> None:
    """Fill in how long no acknowledgement came around each fault."""
    times = sorted(ack_times)
    for fault in faults:
        around = [each for each in times if fault.at - 1 <= each <= fault.at + FAULT_EVERY_S]
        fault.silence_s = max((after - before for before, after in pairwise(around)), default=0.0)


def tell(story: Story, faults: list[Fault], stored: dict[str, Counter[int]], uplinks: list[RiderUplink]) -> bool:
    """Print the counts; whether nothing is missing and nothing stands twice."""
    silences(faults, story.ack_times)
    acked = sum(len(seqs) for seqs in story.acked.values())
    missing = sum(len(seqs - stored[rider].keys()) for rider, seqs in story.acked.items())
    twice = sum(count - 1 for seqs in stored.values() for count in seqs.values())
    right = sum(story.shown.get(rider, {}).get("seq") == max(seqs, default=0) for rider, seqs in story.acked.items())
    rows = {
        "points made": sum(uplink.added for uplink in uplinks),
        "points in reports": sum(uplink.sent for uplink in uplinks),
        "points refused": sum(sum(uplink.rejected.values()) for uplink in uplinks),
        "points acknowledged": acked,
        "acknowledged and missing in MongoDB": missing,
        "standing twice in MongoDB": twice,
        "watchers showing their rider's last point": f"{right} of {len(story.acked)}",
        **{f"longest silence around kill -9 of {fault.name}": f"{fault.silence_s:.1f} s" for fault in faults},
    }
    print(f"Measured on {machine()}.\n\n| | |\n|---|--:|")
    print("\n".join(f"| {name} | {value} |" for name, value in rows.items()))
    return not missing and not twice and right == len(story.acked)


async def story_of(running: Running, options: argparse.Namespace) -> bool:
    """Ride, crash, settle, count."""
    story, riding, watching = Story({}, [], {}), asyncio.Event(), asyncio.Event()
    url, names = f"{running.origin}/ws", [f"r{number}" for number in range(options.riders)]
    async with asyncio.TaskGroup() as tasks:
        watchers: list[Awaitable[int]] = [tasks.create_task(watch(url, name, story, watching)) for name in names]
        riders = [tasks.create_task(ride(url, name, options.every, story, riding)) for name in names]
        faults = await break_things(running, options.faults.split(","))
        riding.set()
        uplinks = await asyncio.gather(*riders)
        stored = await settled(running, story)
        watching.set()
        came_back = sum(await asyncio.gather(*watchers))
    held = tell(story, faults, stored, list(uplinks))
    print(f"| times a watcher came back | {came_back} |")
    return held


def main() -> None:
    """Run it against a Ridewire of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    parser.add_argument("--riders", type=int, default=100)
    parser.add_argument("--every", type=float, default=0.1, help="seconds between a rider's points")
    parser.add_argument("--faults", default=",".join(FAULTS), help="of " + ", ".join(FAULTS))
    options = parser.parse_args()
    with run("ridewire") as running:
        held = asyncio.run(story_of(running, options))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
