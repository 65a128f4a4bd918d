"""How soon REST answers, with the cache and without it, and how much the cache takes off MongoDB.

    python -m bench.answers [--seconds 90] [--pace 50] [--markdown docs/answers.md]

Times are what a client on the same machine waits at a steady load; a worker runs beside, and orders keep it busy. Then
the same with a cache that is not there, then catalog reads while every answer of MongoDB is 600 ms late.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pymongo

from api.cache.store import Cache
from bench.answers.delay import SlowProxy
from bench.answers.load import BROWSING, CATALOG, LIST, MINE, MIX, ONE, PLACE, READS, Told, ask_at_a_pace
from bench.page import busy_percent, source
from bench.usage import machine
from bench.world import Running, answers, run, start_ridewire
from infra.clients import open_mongo, open_redis
from infra.embedded.valkey import Valkey

NOWHERE = {"REDIS_CACHE_URL": "redis://127.0.0.1:1/0"}
SLOW_S, SLOW_FOR_S, GETS = 0.6, 15.0, 2000
PAGE = """# How soon REST answers

{source}
{pace} requests a second for {seconds} s, the client on the same machine: a catalog of 200 products in 20 shops, asked
for by Zipf's law, with an order to twenty-five requests and a worker that hears of them.

{text}
"""


class Measured(msgspec.Struct):
    """A run, and how many queries of products MongoDB answered meanwhile."""

    told: Told
    queries: int


def at(values: list[float], share: float) -> float:
    """The time in ms that this share stays below; 0 of nothing."""
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def product_queries(running: Running) -> int:
    """How many queries of products there were so far."""
    assert running.mongod is not None
    with pymongo.MongoClient[dict[str, object]](running.mongod.url) as client:
        totals = client.admin.command("top")["totals"]
    return int(totals.get("bench.products", {}).get("queries", {}).get("count", 0))


def port_of(running: Running) -> int:
    """Where it listens."""
    return urlsplit(running.http).port or 0


def measure(running: Running, seconds: float, pace: float) -> Measured:
    """The mix."""
    before = [0]
    told = asyncio.run(ask_at_a_pace(
        port_of(running), MIX, seconds, pace, lambda: before.__setitem__(0, product_queries(running))
    ))
    return Measured(told, product_queries(running) - before[0])


def slow(seconds: float, pace: float) -> Told:
    """Catalog reads while MongoDB is slow; what is read was read before."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-answers-")))
        valkey = Valkey(directory / "valkey").start()
        stack.callback(valkey.stop)
        running = start_ridewire(stack, directory, valkey, {})
        assert running.mongod is not None
        proxy = stack.enter_context(SlowProxy(urlsplit(running.mongod.url).port or 0))
        running.server.stop()
        running.server.env["MONGO_URL"] = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        running.server.start(lambda: answers(f"{running.http}/health/ready"), within_s=60)
        return asyncio.run(ask_at_a_pace(
            port_of(running), BROWSING, seconds, pace, lambda: setattr(proxy, "delay_s", SLOW_S), warm=True
        ))


async def one_by_one(running: Running) -> tuple[float, float]:
    """Median ms of a get from the cache, and of the same document from MongoDB, one after the other."""
    assert running.mongod is not None
    async with open_redis(running.valkey.url) as redis, open_mongo(running.mongod.url, "bench") as db:
        cache, row = Cache(redis, "bench"), await db.products.find_one({})
        assert row is not None
        await cache.set("k", msgspec.json.encode(str(row)))
        get_ms = await median_ms(lambda: cache.get("k"))
        return get_ms, await median_ms(lambda: db.products.find_one({"_id": row["_id"]}))


async def median_ms(ask: Callable[[], Awaitable[object]]) -> float:
    """Of GETS questions."""
    took = []
    for _ in range(GETS):
        began = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def table(cached: Told, bare: Told) -> list[str]:
    """Both runs side by side."""
    lines = [
        "| | asked | with the cache: p50 / p95 ms | of those from the cache: p95 ms | without it: p50 / p95 ms |",
        "|---|--:|--:|--:|--:|",
    ]
    for what in MIX:
        hit = f"{at(cached.hits[what], 0.95):.1f}" if cached.hits[what] else "–"
        both = [f"{at(each.times[what], 0.5):.1f} / {at(each.times[what], 0.95):.1f}" for each in (cached, bare)]
        lines.append(f"| {what} | {len(cached.times[what])} | {both[0]} | {hit} | {both[1]} |")
    return lines


def promises(cached: Measured, bare: Measured, late: Told, get_ms: float, find_ms: float) -> list[str]:
    """What the older designs promised, and what was measured."""
    told, without = cached.told, bare.told
    fewer = 1 - cached.queries / max(1, bare.queries)
    quick, slowly = (statistics.mean(each.of(*READS)) * 1000 for each in (told, without))
    hits = [each for name in CATALOG for each in late.hits[name]]
    rows = [
        ("J01", f"p95 ≤ 50 ms from the cache while MongoDB is {SLOW_S * 1000:.0f} ms late", at(hits, 0.95), 50.0, "ms"),
        ("J02", "p95 ≤ 20 ms for a list from the cache", at(told.hits[LIST], 0.95), 20.0, "ms"),
        ("J02", "p95 ≤ 15 ms for a product from the cache", at(told.hits[ONE], 0.95), 15.0, "ms"),
        ("J03", "p95 ≤ 80 ms for a buyer's orders", at(told.times[MINE], 0.95), 80.0, "ms"),
        ("J05", "p95 ≤ 200 ms for placing an order, written by a majority", at(told.times[PLACE], 0.95), 200.0, "ms"),
        ("J06", "≥ 70 % of catalog reads from the cache", 100 * told.hit_rate, -70.0, "%"),
        ("J06", "≥ 70 % fewer queries of products", 100 * fewer, -70.0, "%"),
        ("J07", f"< 1 ms for a get from Redis (MongoDB: {find_ms:.2f} ms)", get_ms, 1.0, "ms"),
        ("J08", f"≥ 50 % quicker reads, on the mean ({quick:.1f} ms, {slowly:.1f} without)",
         100 * (1 - quick / slowly), -50.0, "%"),
    ]
    lines = ["| | promised | measured | |", "|---|---|--:|---|"]
    for number, promise, value, bound, unit in rows:
        holds = value >= -bound if bound < 0 else value <= bound
        lines.append(f"| {number} | {promise} | {value:.2f} {unit} | {'holds' if holds else 'does not hold'} |")
    return lines


def main() -> int:
    """Everything, one after the other."""
    words = argparse.ArgumentParser(prog="python -m bench.answers")
    words.add_argument("--seconds", type=float, default=90.0)
    words.add_argument("--pace", type=float, default=50.0, help="requests a second")
    words.add_argument("--markdown", type=Path, help="write the page here")
    given = words.parse_args()
    random.seed(1)
    busy = busy_percent()
    with run("ridewire") as running:
        cached = measure(running, given.seconds, given.pace)
        get_ms, find_ms = asyncio.run(one_by_one(running))
    with run("ridewire", NOWHERE) as running:
        bare = measure(running, given.seconds, given.pace)
    late = slow(min(SLOW_FOR_S, given.seconds), given.pace)
    lines = [*table(cached.told, bare.told), "", *promises(cached, bare, late, get_ms, find_ms), ""]
    for title, each in (("with the cache", cached.told), ("without it", bare.told), ("slow MongoDB", late)):
        lines.append(f"Statuses {title}: {dict(each.statuses)}; the cache said {dict(each.said)}.  ")
    text = "\n".join(lines).rstrip()
    print(f"{machine()}, {busy:.0f} % busy before\n\n{text}")
    if given.markdown:
        page = PAGE.format(
            source=source("python -m bench.answers --markdown docs/answers.md", busy), pace=f"{given.pace:.0f}",
            seconds=f"{given.seconds:.0f}", text=text,
        )
        given.markdown.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
