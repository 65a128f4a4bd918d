"""Events per second through outbox, broker and consumer, with one, two and three workers, and the added latency.

Real worker processes on servers of their own. Throughput: all rows are written at once, and the clock runs until the
last effect is committed. Latency: rows are written evenly at `--pace` a second, and each effect notes its time.
Exit code 1 when an effect is missing or happened twice.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pymongo

from bench.usage import machine
from bench.world import python, ridewire_env
from events.event import new_id
from infra.embedded.mongod import Mongod
from infra.embedded.process import ServerProcess
from infra.embedded.rabbitmq import RabbitMQ
from infra.embedded.valkey import Valkey

PATIENCE_S = 120.0
KINDS = ("rabbitmq", "redis streams")


class Row(msgspec.Struct):
    """One line of the table."""

    broker: str
    workers: int
    per_s: float
    p50_ms: float
    p99_ms: float
    wrong: int


def rows_of(count: int) -> list[dict[str, Any]]:
    """Outbox rows as `events/outbox.py` writes them, said now."""
    now = datetime.now(UTC)
    now_ms = int(now.timestamp() * 1000)
    return [
        {"_id": new_id(now_ms, time.perf_counter_ns() * 1_000_003), "type": "CACHE_INVALIDATE",
         "data": {"keys": [str(number)]}, "version": 1, "at": now, "waiting": True}
        for number in range(count)
    ]


def wait_for(db: Any, count: int) -> None:
    """Until so many effects are there; raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while db.noted.count_documents({}) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{db.noted.count_documents({})} of {count} effects after {PATIENCE_S:.0f} s")
        time.sleep(0.02)


def throughput(db: Any, count: int) -> float:
    """Effects per second when `count` events lie in the outbox at once."""
    before = db.noted.count_documents({})
    began_s = time.monotonic()
    db.outbox.insert_many(rows_of(count), ordered=False)
    wait_for(db, before + count)
    return count / (time.monotonic() - began_s)


def latencies(db: Any, pace: float, seconds: float) -> list[float]:
    """Milliseconds from the event's time stamp to its effect, sorted."""
    before, said = db.noted.count_documents({}), []
    for _ in range(int(pace * seconds)):
        time.sleep(1 / pace)
        [row] = rows_of(1)
        db.outbox.insert_one(row)
        said.append(row["_id"])
    wait_for(db, before + len(said))
    found = db.noted.find({"_id": {"$in": said}})
    return sorted((each["at"] - each["said"]).total_seconds() * 1000 for each in found)


@contextmanager
def working(env: dict[str, str], directory: Path, workers: int) -> Iterator[None]:
    """A relay in one process, and so many that consume."""
    with ExitStack() as stack:
        for number in range(workers):
            parts = ["--only", "plugins", *(["--only", "relay"] if number == 0 else [])]
            log = directory / f"worker{number}.log"
            worker = ServerProcess("worker", python("api.worker", *parts), log, env=env)
            worker.start(lambda log=log: b"consuming" in log.read_bytes() if log.exists() else False)  # type: ignore[misc]
            stack.callback(worker.stop)
        yield


def measure(kind: str, workers: int, options: argparse.Namespace) -> Row:
    """One line, on fresh servers."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-events-")))
        valkey, mongod = Valkey(directory / "valkey").start(), Mongod(directory / "mongod").start()
        stack.callback(valkey.stop)
        stack.callback(mongod.stop)
        more = {"EVENT_PLUGINS": "bench.reactions:PLUGIN", "LOG_LEVEL": "info", "RABBITMQ_URL": ""}
        if kind == "rabbitmq":
            broker = RabbitMQ(directory / "rabbitmq").start()
            stack.callback(broker.stop)
            more["RABBITMQ_URL"] = broker.url
        env = ridewire_env(valkey, mongod, more)
        client: pymongo.MongoClient[dict[str, Any]] = stack.enter_context(pymongo.MongoClient(mongod.url))
        db = client[env["MONGO_DB"]]
        with working(env, directory, workers):
            throughput(db, options.events // 10)  # warm
            per_s = throughput(db, options.events)
            found = latencies(db, options.pace, options.seconds)
        wrong = db.noted.count_documents({"times": {"$ne": 1}}) + db.outbox.count_documents({"waiting": True})
        return Row(kind, workers, per_s, found[len(found) // 2], found[int(len(found) * 0.99)], wrong)


def main() -> int:
    """The table; 1 when an effect is wrong."""
    words = argparse.ArgumentParser(prog="python -m bench.events", description=__doc__)
    words.add_argument("--events", type=int, default=3000)
    words.add_argument("--pace", type=float, default=50, help="events per second while latency is measured")
    words.add_argument("--seconds", type=float, default=8)
    words.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3])
    words.add_argument("--brokers", nargs="+", choices=KINDS, default=list(KINDS))
    options = words.parse_args()
    print(f"Measured on {machine()}.\n")
    print("| broker | workers | events/s | added p50, ms | p99, ms | missing or twice |\n|---|--:|--:|--:|--:|--:|")
    rows = []
    for kind in options.brokers:
        for workers in options.workers:
            row = measure(kind, workers, options)
            rows.append(row)
            numbers = f"{row.per_s:.0f} | {row.p50_ms:.0f} | {row.p99_ms:.0f} | {row.wrong}"
            print(f"| {kind} | {workers} | {numbers} |", flush=True)
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
