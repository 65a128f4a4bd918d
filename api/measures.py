"""What /metrics shows: each number, its name, and where it was counted. Nothing is counted for its sake per ping."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
import structlog
from prometheus_client.core import Metric

from chat.writer import Writer
from infra.metrics import counter, counters, gauge, gauges, histogram
from live.meters import Meters
from tracking.persister import GROUP

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 5.0
UNKNOWN = float("nan")
Backlog = Callable[[], Awaitable[tuple[int, float]]]


class Vitals(msgspec.Struct):
    """What must be asked for over the network, as it was at the last look. Not a number where nobody answered."""

    redis_round_trip_s: float = UNKNOWN
    redis: dict[str, float] = {}
    backlog_entries: float = UNKNOWN
    backlog_oldest_s: float = UNKNOWN


async def keep_looking(vitals: Vitals, redis: Any, backlog: Backlog) -> None:
    """Refresh the vitals for ever. `redis`: a client with `ping` and `info`."""
    while True:
        started_s = time.perf_counter()
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await redis.ping()
                vitals.redis_round_trip_s = time.perf_counter() - started_s
                vitals.redis = of_redis(await redis.info())
                vitals.backlog_entries, vitals.backlog_oldest_s = await backlog()
        except Exception as error:  # health says what is wrong; here the numbers just end
            log.debug("vitals could not be taken", error=str(error))
            vitals.redis_round_trip_s = vitals.backlog_entries = vitals.backlog_oldest_s = UNKNOWN
            vitals.redis = {}
        await asyncio.sleep(LOOK_EVERY_S)


def of_redis(info: dict[str, Any]) -> dict[str, float]:
    """What INFO says that is worth a number of ours, by the name of the number."""
    hits, misses = float(info["keyspace_hits"]), float(info["keyspace_misses"])
    return {
        "keyspace_hits": hits, "keyspace_misses": misses, "hit_rate": hits / (hits + misses) if hits + misses else 0.0,
        "used_memory_bytes": float(info["used_memory"]), "evicted_keys": float(info["evicted_keys"]),
        "connected_clients": float(info["connected_clients"]),
    }


def backlog_of(redis: Any, stream: str, group: str = GROUP) -> Backlog:
    """Asks how many stream entries a group has not done with (here: not in MongoDB), and how old the first is."""

    async def ask() -> tuple[int, float]:
        groups = await redis.xinfo_groups(stream) if await redis.exists(stream) else []
        found = next((each for each in groups if each["name"] == group.encode()), None)
        if found is None:
            first = await redis.xrange(stream, count=1)
            return await redis.xlen(stream), _age_s(first[0][0]) if first else 0.0
        unread = await redis.xrange(stream, min=b"(" + found["last-delivered-id"], count=1)
        pending = await redis.xpending(stream, group)
        oldest = pending["min"] or (unread[0][0] if unread else None)
        lag = found.get("lag")
        waiting = found["pending"] + (lag if lag is not None else len(unread))
        return int(waiting), _age_s(oldest) if oldest else 0.0

    return ask


def _age_s(entry: bytes) -> float:
    return max(0.0, time.time() - int(entry.partition(b"-")[0]) / 1000)


def socket_metrics(meters: Meters, sockets_now: Callable[[], int]) -> Iterable[Metric]:
    """Sockets, what passed through them, and how long a fix took to a watcher's socket."""
    yield gauge("sockets", "open sockets", sockets_now())
    yield counter("sockets_opened", "sockets opened", meters.sockets_opened)
    yield counter("upgrades_refused", "upgrade requests turned away", meters.refused_upgrades)
    yield counters("sockets_closed", "sockets closed, by close code", "code", _texts(meters.closes))
    yield counter("messages_received", "messages from clients", meters.messages_in)
    yield counter("pushes", "messages written to clients", meters.messages_out)
    yield counter("frames_written", "frames written to clients", meters.frames_out)
    yield counter("bytes_written", "payload bytes written to clients", meters.bytes_out)
    dropped = {"merged": meters.latest_merged, "ephemeral": meters.ephemeral_dropped, "overflow": meters.log_overflows}
    yield counters("slow_reader", "what slow readers cost, by what became of it", "kind", _floats(dropped))
    yield counter("gaps", "times a channel's continuity was given up", meters.gaps)
    yield counters("resume_reads", "reads for those who come, by where from", "of", _floats(meters.reads))
    delay = meters.delay_ms
    bounds = [bound / 1000 for bound in delay.bounds]
    about = "from a report's arrival to the write to a watcher"
    yield histogram("fix_to_socket_seconds", about, bounds, delay.counts, delay.total / 1000)


def relay_metrics(meters: Meters, is_up: Callable[[], bool]) -> Iterable[Metric]:
    """The news between processes."""
    yield gauge("hub_up", "1 while this process hears the others through Redis", float(is_up()))
    passed = {"in": meters.relay_in, "out": meters.relay_out, "unsent": meters.relay_unsent}
    yield counters("relay_messages", "messages between processes", "way", _floats(passed))
    yield counter("relay_losses", "times news between processes may have been lost", meters.relay_losses)


def report_metrics(counts: dict[str, int]) -> Iterable[Metric]:
    """Points riders sent: stored, doubled, refused and why."""
    yield counter("points_accepted", "points stored", counts.get("points", 0))
    yield counter("points_duplicate", "points that were stored before", counts.get("duplicates", 0))
    yield counters("points_rejected", "points refused, by reason", "reason", _prefixed(counts, "rejected_"))
    yield counters("reports_refused", "reports refused whole, by code", "code", _prefixed(counts, "refused_"))


def chat_metrics(writer: Writer) -> Iterable[Metric]:
    """Messages stored, and in how many writes."""
    yield counter("chat_stored", "messages, edits and deletions stored", writer.stored)
    yield counter("chat_duplicates", "messages that had been stored before", writer.duplicates)
    yield counter("chat_writes", "transactions that stored messages", writer.writes)


def vital_metrics(vitals: Vitals) -> Iterable[Metric]:
    """The numbers that had to be asked for."""
    yield gauge("redis_round_trip_seconds", "one PING to Redis", vitals.redis_round_trip_s)
    for name, number in vitals.redis.items():
        yield gauge(f"redis_{name}", "as INFO of the state's Redis says it", number)
    yield gauge("persister_backlog_entries", "stream entries not yet in MongoDB", vitals.backlog_entries)
    yield gauge("persister_backlog_seconds", "age of the oldest of them", vitals.backlog_oldest_s)


def duty_metrics(restarts: Callable[[], dict[str, int]]) -> Iterable[Metric]:
    """Background work that had to be started again."""
    yield gauges("background_restarts", "times background work was restarted", "work", _floats(restarts()))


def _texts(values: dict[int, int]) -> dict[str, float]:
    return {str(key): float(value) for key, value in values.items()}


def _floats(values: dict[str, int]) -> dict[str, float]:
    return {key: float(value) for key, value in values.items()}


def _prefixed(counts: dict[str, int], prefix: str) -> dict[str, float]:
    return {key.removeprefix(prefix): float(count) for key, count in counts.items() if key.startswith(prefix)}
