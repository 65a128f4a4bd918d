"""Recorded trips replayed all at once, watched, cut, and then compared point by point with MongoDB.

Each trip is a rider with a socket of its own and has two watchers: one that stays, and one whose line is cut on the way
and that comes back. At the end everything must agree: points sent = points durable + points refused with a reason; each
durable point once and in order; every watcher on the trip's last accepted point; both watchers in the same state. Exit
code 1 when anything differs. The recording is a .csv (also .gz) with trip, time, latitude and longitude columns.
"""

import argparse
import asyncio
import contextlib
import logging
import resource
import sys
import time
import uuid
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop

from api.replay.dating import plan
from api.replay.files import read_trips
from api.replay.trip import BadTrip, Trip
from bench.agreement import Ride, Table, at, compare
from bench.tokens import token
from bench.usage import cpu_of, machine
from bench.world import Running, run
from client.errors import RidewireError
from client.reconnect import Ridewire
from client.rider import RiderUplink
from client.watcher import Watcher
from client.wire import Encoding, Message
from infra.clients import Database, open_mongo
from tracking.chunk import Row, rows_of

CUTS_AT = (0.4, 0.75)  # of a trip's points
OPENING_AT_ONCE = 50
SETTLE_S = 90.0
LOOK_EVERY_S = 0.5


async def open_ride(stack: AsyncExitStack, running: Running, trip: Trip, gate: asyncio.Semaphore, pace: float) -> Ride:
    """Connect a trip's rider and both its watchers."""
    rider, durable = f"trip-{trip.name}", list[Message]()

    async def session(sub: str, role: str, client: str) -> Ridewire:
        async with gate:
            made = Ridewire.connect(running.http, token=token(sub, role), client=client, encoding=Encoding.MSGPACK)
            return await stack.enter_async_context(made)

    install = uuid.uuid4().hex[:12]
    uplink = RiderUplink(await session(rider, "rider", install), pace=pace, on_durable=durable.append)
    await stack.enter_async_context(uplink)
    watchers = [
        Watcher(await session(f"{kind}-{trip.name}", "dispatcher", kind), f"rider:{rider}") for kind in ("stays", "cut")
    ]
    for watcher in watchers:
        await watcher.start()
    return Ride(trip, rider, uplink, watchers[0], watchers[1], durable)


async def ride(each: Ride, start_s: float, speed: float) -> None:
    """Send every point when it is due, cutting the one watcher on the way; then wait for acks and for both watchers."""
    table = plan(each.trip, speed=speed, start_ms=int(start_s * 1000))
    cut_at = {int(share * len(each.trip.points)) for share in CUTS_AT}
    for number, (point, due_s, date_ms) in enumerate(
        zip(each.trip.points, table.sends_s, table.dates_ms, strict=True)
    ):
        wait_s = start_s + due_s - time.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        each.uplink.add(point.lat, point.lng, date_ms, **point.more)
        if number in cut_at:
            each.cut.session.cut()
            each.cuts += 1
    await each.uplink.drained(SETTLE_S)


async def settled(each: Ride) -> None:
    """Wait until both watchers show the last accepted point; a watcher that never does is told of by the table."""
    for watcher in (each.steady, each.cut):
        with contextlib.suppress(TimeoutError):
            await watcher.until(lambda view: at(view.positions.get(each.rider), each.uplink.last_accepted), SETTLE_S)


async def stored(db: Database, riders: list[Ride]) -> dict[str, list[Row]]:
    """Every rider's rows in MongoDB, in the order of the documents, once all acked points are there or time is up."""
    wanted = sum(len(each.durable) for each in riders)
    deadline = time.monotonic() + SETTLE_S
    while True:
        rows: dict[str, list[Row]] = {each.rider: [] for each in riders}
        async for document in db.get_collection("tracks").find().sort("_id", 1):
            rows.setdefault(document["_id"]["r"], []).extend(rows_of(document))
        if sum(map(len, rows.values())) >= wanted or time.monotonic() > deadline:
            return rows
        await asyncio.sleep(LOOK_EVERY_S)


async def replay(running: Running, trips: list[Trip], speed: float) -> Table:
    """Everybody rides; then the comparison."""
    gate = asyncio.Semaphore(OPENING_AT_ONCE)
    async with AsyncExitStack() as stack:
        rides = await asyncio.gather(*(open_ride(stack, running, trip, gate, speed or 1e9) for trip in trips))
        print(f"{len(rides)} riders and {2 * len(rides)} watchers are connected", file=sys.stderr)
        start_s, before = time.time() + 0.5, cpu_of(running.pids())
        failures = await everybody(rides, start_s, speed)
        took_s = time.time() - start_s
        await asyncio.gather(*map(settled, rides))
        async with open_mongo(running.mongod.url if running.mongod else "", running.env["MONGO_DB"]) as db:
            table = compare(rides, await stored(db, rides))
        used = {name: after - before.get(name, 0.0) for name, after in cpu_of(running.pids()).items()}
    table.differs("trips that did not end", failures)
    table.lines["took"] = f"{took_s:.0f} s"
    table.lines["CPU seconds"] = ", ".join(f"{name} {seconds:.1f}" for name, seconds in used.items())
    return table


async def everybody(rides: list[Ride], start_s: float, speed: float) -> list[str]:
    """All rides at once; those that did not end well, in words."""
    results = await asyncio.gather(*(ride(each, start_s, speed) for each in rides), return_exceptions=True)
    failures = []
    for each, result in zip(rides, results, strict=True):
        if isinstance(result, RidewireError | TimeoutError):
            failures.append(f"{each.rider} {type(result).__name__} {result}")
        elif isinstance(result, BaseException):
            raise result
    return failures


def main() -> None:
    """Run it against a Ridewire of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay_porto", description=__doc__)
    parser.add_argument("--pings", type=Path, required=True, help="the recording: trip, time, latitude, longitude")
    parser.add_argument("--speed", type=float, default=20, help="times faster than recorded; 0 sends all at once")
    parser.add_argument("--limit", type=int, help="only the first so many trips")
    options = parser.parse_args()
    try:
        trips = read_trips(options.pings)[: options.limit]
    except BadTrip as error:
        parser.error(str(error))
    logging.getLogger("websockets").setLevel(logging.CRITICAL)  # lines are cut on purpose here
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    longest_s = max(trip.span_s for trip in trips) / options.speed if options.speed else 0
    print(f"{len(trips)} trips; by the clock this takes {longest_s:.0f} s", file=sys.stderr)
    with run("ridewire") as running:
        table = uvloop.run(replay(running, trips, options.speed))
    print(f"Measured on {machine()}, at {options.speed:g}x, all trips at once.\n\n| | |\n|---|--:|")
    for name, value in table.lines.items():
        print(f"| {name} | {value} |")
    print("\n" + ("\n".join(f"DIFFERS: {line}" for line in table.differences) or "No difference."))
    sys.exit(1 if table.differences else 0)


if __name__ == "__main__":
    main()
