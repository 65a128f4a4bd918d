"""`ridewire worker`: what runs behind the service. Stored points go to MongoDB and past the fences, silent riders are
told to `ops`, arrival times are learned from finished deliveries, and what happened is told to those who react.

It waits a while for servers that are not up yet and then gives up with exit 1 and the reason, so that whoever
supervises it sees. On SIGTERM or SIGINT it writes what is in hand and exits with 0. After a kill the next takes over.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import structlog
import uvloop

from api.arrivals.teaching import teach_now_and_then
from api.bus.opening import open_transport
from api.bus.staff import PLUGINS, RELAY, Deaf, Staff
from api.checks import CannotServe, refuse_standalone
from api.circuits import Circuits
from api.consumers import open_tools
from api.measures import Backlog, backlog_of
from api.notices.sending import send_notices
from api.orders.store import OrderStore
from api.supervisor import Supervisor
from calls.ending import cancelled
from events.outbox import Outbox
from events.topology import QUEUES
from events.transport import Away
from infra import logs
from infra.clients import UNREACHABLE, Database, open_mongo, open_redis
from infra.settings import BadSetting, Settings, check_for_work, load
from infra.transactions import Session, transact
from live.feed import LogFeed
from live.hub import Hub
from live.relay import Relay
from live.store import ChannelLog
from tracking import forgetting, keys, silence
from tracking.persister import run_persister
from tracking.store import TrackingStore

log = structlog.get_logger(__name__)
OK, FAILED, WRONG = 0, 1, 2
EVENT_PARTS = (RELAY, *(queue.name for queue in QUEUES), PLUGINS)
PARTS = ("persister", "sweep", "fences", "notices", "lessons", *EVENT_PARTS)
PATIENCE_S = 45.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
LOOK_EVERY_S, STUCK_AFTER_S = 15.0, 180.0
AWAY: tuple[type[Exception], ...] = (*UNREACHABLE, OSError, Away)
FENCES_AFTER_S = 0.4
REDIS_TIMEOUT_S = 5.0  # above the persister's blocking read


class Stuck(RuntimeError):
    """Servers answer and yet nothing moves: a fresh process is worth more than this one."""


class Tools(msgspec.Struct, frozen=True):
    """What the parts are handed."""

    settings: Settings
    redis: Any
    db: Database
    backlog: Backlog
    circuits: Circuits


async def wait_for_servers(
    redis: Any, db: Database, patience_s: float, prepare: Callable[[], Awaitable[None]]
) -> None:
    """Return once Redis, a MongoDB with transactions and the broker answer; raises CannotServe when they do not."""
    deadline_s = time.monotonic() + patience_s
    wait_s = FIRST_WAIT_S
    while True:
        try:
            await redis.ping()
            await refuse_standalone(db)
            await prepare()
        except AWAY as error:
            if time.monotonic() + wait_s > deadline_s:
                raise CannotServe(f"no answer for {patience_s:.0f} s: {type(error).__name__}: {error}") from error
            log.warning("waiting for servers", error=f"{type(error).__name__}: {error}"[:200], again_in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)
        else:
            return


async def sweep(tools: Tools) -> None:
    """Tell `ops` and dispatchers of riders who carry an order and have fallen silent, for ever."""
    channel_log = ChannelLog(tools.db)
    relay = Relay(tools.settings.redis_url, tools.settings.key_prefix)
    feed = LogFeed(Hub(), channel_log, relay)
    store = TrackingStore(tools.redis, tools.settings.key_prefix)
    orders, outbox = OrderStore(tools.db, channel_log), Outbox(tools.db)

    async def carrying(riders: Sequence[str]) -> Mapping[str, str]:
        return await orders.carried(list(riders))

    async def tell(item: dict[str, Any]) -> None:
        data = {"riderId": item["rider"], "orderId": item["order"], "since": item["since"]}

        async def write(session: Session) -> int:
            await outbox.add("RIDER_SILENT", data, session=session)
            return await channel_log.append("ops", item, session)

        await feed.announce("ops", await transact(tools.db, write), item)

    forgotten_s = float("-inf")
    try:
        while True:
            await silence.sweep(store, carrying, tell)
            if time.monotonic() - forgotten_s >= forgetting.EVERY_S:
                await forgetting.forget(tools.redis, tools.settings.key_prefix)
                forgotten_s = time.monotonic()
            await asyncio.sleep(silence.EVERY_S)
    finally:
        await relay.close()


async def fences(tools: Tools) -> None:
    """Watch fences, for ever, once the others have looked at what a worker before left behind."""
    await asyncio.sleep(FENCES_AFTER_S)
    keep_fences = await asyncio.to_thread(_fences_duty)
    await keep_fences(tools.settings, tools.redis, tools.db, tools.circuits)


def _fences_duty() -> Callable[..., Coroutine[Any, Any, None]]:
    """Imported only where fences are watched, and off the loop: half a second of CPU, as much as all the rest."""
    from api.geofences.duty import keep_fences

    return keep_fences


async def watch_progress(tools: Tools) -> None:
    """Raise Stuck when stored points have waited for STUCK_AFTER_S although both servers answer."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            entries, oldest_s = await tools.backlog()
            await tools.db.client.admin.command("ping")
        except UNREACHABLE:
            continue
        if oldest_s > STUCK_AFTER_S:
            raise Stuck(f"{entries} stream entries wait, the oldest for {oldest_s:.0f} s, and none is written")


async def persist(tools: Tools, stop: asyncio.Event) -> None:
    """Persist until told to stop; raises Stuck when that gets nowhere."""
    settings = tools.settings
    persisting = asyncio.ensure_future(run_persister(
        tools.redis, tools.db, settings.key_prefix, durability=settings.durability,
        retention_s=settings.track_retention_s, stop=stop,
    ))
    watching = asyncio.ensure_future(watch_progress(tools))
    try:
        await asyncio.wait({persisting, watching}, return_when=asyncio.FIRST_COMPLETED)
        (watching if watching.done() else persisting).result()
    finally:
        await cancelled(persisting, watching)


async def nothing() -> None:
    """Nothing to prepare."""


async def together(stop: asyncio.Event, duties: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Until told to stop and every duty has ended; raises what the first of them raised."""
    tasks = [asyncio.ensure_future(stop.wait()), *(asyncio.ensure_future(duty) for duty in duties)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        log.info("stopping")
    finally:
        await cancelled(*tasks)


async def work(settings: Settings, parts: Sequence[str], patience_s: float, look_every_s: float) -> None:
    """Run the parts until a signal; raises CannotServe or Stuck."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_redis(settings.redis_url, timeout_s=REDIS_TIMEOUT_S))
        db = await stack.enter_async_context(open_mongo(settings.mongo_url, settings.mongo_db))
        broker = await stack.enter_async_context(open_transport(settings, redis))
        handed = await stack.enter_async_context(open_tools(settings, db, redis))
        staff = Staff(broker, handed, parts, look_every_s=look_every_s)
        await wait_for_servers(redis, db, patience_s, nothing)
        circuits = Circuits(redis, settings.key_prefix)
        circuits.sources["plugins"] = lambda: staff.guards
        tools = Tools(settings, redis, db, backlog_of(redis, keys.stream(settings.key_prefix)), circuits)
        supervisor = await stack.enter_async_context(Supervisor())
        supervisor.keep("circuits", circuits.run)
        if "sweep" in parts:
            supervisor.keep("sweep", lambda: sweep(tools))
        if "notices" in parts:
            supervisor.keep("notices", lambda: send_notices(settings, redis, db, circuits))
        if "lessons" in parts and (settings.city_dir or settings.routing_url):
            supervisor.keep("lessons", teach_now_and_then)
        if "fences" in parts:
            supervisor.keep("fences", lambda: fences(tools))
        if staff.has_work:  # nobody is to wait for a broker who does not need it
            await wait_for_servers(redis, db, patience_s, staff.prepare)
        log.info("working", parts=list(parts))
        duties = [persist(tools, stop)] if "persister" in parts else []
        await together(stop, [*duties, staff.run(stop)] if staff.has_work else duties)


def run(
    settings: Settings, parts: Sequence[str] = PARTS, patience_s: float = PATIENCE_S, look_every_s: float = LOOK_EVERY_S
) -> int:
    """Work until a signal; the exit code."""
    logs.set_up(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(work(settings, parts, patience_s, look_every_s))
        except (CannotServe, Stuck, Deaf) as error:
            log.critical("the worker gives up", reason=str(error))
            return FAILED
    return OK


def main() -> int:
    """`python -m api.worker [--only PART]… [--patience SECONDS] [--look-every SECONDS]`, settings as ever."""
    words = argparse.ArgumentParser(prog="python -m api.worker")
    words.add_argument("--only", choices=PARTS, action="append")
    words.add_argument("--patience", type=float, default=PATIENCE_S)
    words.add_argument("--look-every", type=float, default=LOOK_EVERY_S)
    given = words.parse_args()
    try:
        settings = load()
        check_for_work(settings)
    except BadSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - the answer of a command
        return WRONG
    return run(settings, given.only or PARTS, given.patience, given.look_every)


if __name__ == "__main__":
    sys.exit(main())
