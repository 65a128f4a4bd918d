"""`python -m bench.rest [--markdown docs/rest.md]`: catalog, own orders, dashboard and placing, beside Fastify.

One run, one machine, one MongoDB and one Valkey for both, asked in turn, three rounds each. A ratio below 1 is in our
favour.
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import redis

from bench.page import busy_percent, source
from bench.rest.load import Make, Seen, request, run
from bench.rest.seed import CUSTOMERS, SELDOM, VENDOR, VENDORS, fill, product_ids, seldom_ids
from bench.tokens import AUDIENCE, SECRET, token
from bench.usage import machine
from bench.world import PEERS, Running, answers, install_peers, start_ridewire
from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess
from infra.embedded.valkey import Valkey

RIDEWIRE, PEER = "Ridewire", "Fastify"
IDS, SELDOM_IDS = product_ids(), seldom_ids()
SPOT = {"lat": 14.5995, "lng": 120.9842}
CONNECTIONS, SINGLE = 16, 1
ZIPF = 1.0
ROUNDS, WARM_S = 3, 1.0
CACHED, PAST = 1.0, 1.5
TARGETS = {  # the ratio that each should not exceed
    "product list, cached": CACHED, "one product, cached": CACHED, "own orders, cached": CACHED,
    "product list, not cached": PAST, "one product, not cached": PAST,
}
PAGE = """# What REST costs, beside Fastify

{source} The peer
(`bench/peers/rest.mjs`) is Fastify with ioredis and mongodb, on the same MongoDB and Valkey, with the same documents
and the same writes; each is one process and is asked alone, over keep-alive sockets in a closed loop, in three rounds
by turns; a line is the round whose CPU is neither the most nor the least. CPU is that of the processes themselves, in
microseconds a request. A ratio compares server and Redis together; below 1 we cost less.

{table}

{rest}
"""


class Target(msgspec.Struct):
    """A server under load."""

    title: str
    port: int
    pids: Callable[[], dict[str, list[int]]]


def start_peer(stack: ExitStack, directory: Path, ours: Running) -> Target:
    """The Node program on our MongoDB and Valkey, with a database of its own."""
    install_peers()
    assert ours.mongod is not None
    port, mongod = free_port(), ours.mongod
    env = {**ours.env, "MONGO_DB": "peer", "JWT_SECRET": SECRET, "JWT_AUDIENCE": AUDIENCE, "PORT": str(port)}
    server = ServerProcess("rest.mjs", ["node", str(PEERS / "rest.mjs")], directory / "peer.log", env=env)
    server.start(lambda: answers(f"http://127.0.0.1:{port}/"), within_s=30)
    stack.callback(server.stop)
    return Target(PEER, port, lambda: {
        "server": server.pids(), "redis": ours.valkey.process.pids(), "mongo": mongod.process.pids()
    })


def placing(number: int) -> bytes:
    """An order of two products of one vendor, under a key of its own."""
    ids, vendor = IDS, number % VENDORS
    items = [{"product_id": ids[vendor + VENDORS * each], "quantity": 1} for each in (number % 20, (number + 1) % 20)]
    body = {"vendor_id": f"v{vendor}", "pickup": SPOT, "dropoff": SPOT, "items": items}
    encoded = msgspec.json.encode(body)
    key = {"Idempotency-Key": f"k{number}-{random.random()}"}
    return request("POST", "/api/orders", CUSTOMER[number % 50], encoded, key)


CUSTOMER = [token(f"c{number}", "customer") for number in range(CUSTOMERS)]
SCENES: dict[str, tuple[Make, int]] = {
    "product list, cached": (lambda _: request("GET", "/api/products"), CONNECTIONS),
    "product list, not cached": (lambda number: request("GET", f"/api/products?after=pz{number}"), CONNECTIONS),
    "one product, cached": (lambda _: request("GET", f"/api/products/{IDS[7]}"), CONNECTIONS),
    "one product, not cached": (
        lambda number: request("GET", f"/api/products/{SELDOM_IDS[number % SELDOM]}"), CONNECTIONS
    ),
    "own orders, cached": (lambda number: request("GET", "/api/orders", CUSTOMER[number % 50]), CONNECTIONS),
    "place an order": (placing, 4),
}


def dashboard(valkey: Valkey, port: int, seconds: float) -> Seen:
    """The vendor's day of 10,000 orders, its copy thrown away before each request."""
    forget = redis.Redis.from_url(valkey.url)
    bearer = token(VENDOR, "vendor")

    def make(_: int) -> bytes:
        forget.delete(f"rw:analytics:daily:{VENDOR}", f"peer:analytics:daily:{VENDOR}")
        return request("GET", "/api/analytics/daily", bearer)

    return asyncio.run(run(port, make, {}, seconds=seconds, connections=SINGLE))


def zipf(port: int, seconds: float) -> float:
    """The share of product reads that the cache answers when few products are asked for most; starts cold."""
    ids, dice = IDS, random.Random(3)
    weights = [1 / (rank + 1) ** ZIPF for rank in range(len(ids))]
    asked = dice.choices(ids, weights, k=20_000)
    make: Make = lambda number: request("GET", f"/api/products/{asked[number % len(asked)]}")  # noqa: E731
    seen = asyncio.run(run(port, make, {}, seconds=seconds, connections=CONNECTIONS))
    return seen.outcomes.get("hit", 0) / seen.requests


def cost_us(seen: Seen) -> float:
    """What a request cost the server and Redis."""
    return seen.cpu_us["server"] + seen.cpu_us["redis"]


def against(scene: str, ratio: float) -> str:
    """The ratio, and what it should have been."""
    most = TARGETS.get(scene)
    if most is None:
        return f"{ratio:.2f}"
    return f"{ratio:.2f}, at most {most}: {'holds' if ratio <= most else '**missed**'}"


def line(scene: str, title: str, seen: Seen, base: Seen | None) -> str:
    """One line of the table."""
    spent = seen.cpu_us
    ratio = against(scene, cost_us(seen) / cost_us(base)) if base else ""
    wrong = {status: n for status, n in seen.statuses.items() if not status.startswith("2")}
    told = seen.requests - seen.outcomes.get("", 0)
    kept = f"{100 * seen.outcomes.get('hit', 0) / told:.0f} %" if told else "–"
    return (
        f"| {scene} | {title} | {seen.requests / seen.seconds:.0f} | {kept} "
        f"| {spent['server']:.0f} + {spent['redis']:.0f} "
        f"| {spent['mongo']:.0f} | {ratio} | {seen.at(0.5):.1f} / {seen.at(0.95):.1f} / {seen.at(0.99):.1f} "
        f"| {wrong or ''} |"
    )


def in_rounds(targets: list[Target], make: Make, connections: int, seconds: float) -> dict[str, Seen]:
    """Of each target the round in the middle; nothing that is asked for only once is asked for in two rounds."""
    rounds: dict[str, list[Seen]] = {target.title: [] for target in targets}
    begins = {target.title: random.randrange(10**9) for target in targets}
    for number in range(ROUNDS + 1):
        for target in targets:
            seen = asyncio.run(run(
                target.port, make, target.pids(), seconds=seconds / ROUNDS if number else WARM_S,
                connections=connections, begin=begins[target.title],
            ))
            begins[target.title] += 2 * seen.requests  # some connections are ahead of the others
            if number:
                rounds[target.title].append(seen)
    return {title: sorted(seen, key=cost_us)[ROUNDS // 2] for title, seen in rounds.items()}


def measure(targets: list[Target], seconds: float, only: str) -> list[str]:
    """Every scene whose name begins with `only` at every target, the peer first."""
    lines = [
        "| what | by | requests/s | said HIT | CPU µs each: server + Redis | MongoDB | ratio | p50 / p95 / p99 ms "
        "| refused |",
        "|---|---|--:|--:|--:|--:|---|--:|---|",
    ]
    for scene, (make, connections) in SCENES.items():
        if not scene.startswith(only):
            continue
        seen = in_rounds(targets, make, connections, seconds)
        for target in targets:
            base = seen[PEER] if target.title != PEER else None
            lines.append(line(scene, target.title, seen[target.title], base))
            print(lines[-1], flush=True)
    return lines


def alone(targets: list[Target], valkey: Valkey, seconds: float) -> list[str]:
    """The dashboard, and what the cache takes when few products are asked for most."""
    told = []
    for target in targets:
        seen = dashboard(valkey, target.port, seconds)
        times = f"p50 {seen.at(0.5):.0f} ms, p95 {seen.at(0.95):.0f} ms"
        told.append(f"A shop's dashboard over 10,000 orders of the day, never cached, {target.title}: {times}.")
    share = 100 * zipf(targets[-1].port, seconds)
    told.append(f"{len(IDS)} products asked for by Zipf's law, from cold: {share:.1f} % from the cache.")
    print("\n".join(told))
    return told


def main() -> None:
    """The command."""
    words = argparse.ArgumentParser(prog="python -m bench.rest")
    words.add_argument("--seconds", type=float, default=5.0)
    words.add_argument("--only", default="", help="only what begins so, such as `one product`")
    words.add_argument("--markdown", type=Path, help="write the page here")
    given = words.parse_args()
    busy = busy_percent()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-rest-")))
        valkey = Valkey(directory / "valkey").start()
        stack.callback(valkey.stop)
        ours = start_ridewire(stack, directory, valkey, {
            "RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_STAFF_PER_MINUTE": "0", "RATE_LIMIT_ADDRESS_PER_MINUTE": "0",
        })
        assert ours.mongod is not None
        fill(ours.mongod.url, "bench", with_indexes=False)
        fill(ours.mongod.url, "peer", with_indexes=True)
        targets = [
            start_peer(stack, directory, ours), Target(RIDEWIRE, urlsplit(ours.http).port or 0, ours.pids)
        ]
        print(f"{machine()}, {busy:.0f} % busy before\n")
        table, rest = measure(targets, given.seconds, given.only), alone(targets, valkey, given.seconds)
    if given.markdown:
        given.markdown.write_text(PAGE.format(
            source=source("python -m bench.rest --markdown docs/rest.md", busy), table="\n".join(table),
            rest="\n".join(rest),
        ))



if __name__ == "__main__":
    main()
