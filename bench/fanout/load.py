"""The load: riders that send at a paced rate, one watcher each, and the clock between a ping's two ends.

Runs as a process of its own, so that its cost is not the server's. Reads a `Task` from its argument, prints one JSON
line a measurement. Latency runs from just before the rider's write to just after the watcher's read, on one clock.
"""

import asyncio
import contextlib
import resource
import sys
import time
from collections import Counter

import msgspec
import psutil
import uvloop

from bench.dialects import DIALECTS, Heard
from bench.link import Link, connect, subscribe
from bench.tokens import token
from bench.usage import cpu_of, kernel_s, rss_kib

RING = 512  # send times remembered per rider: half a minute at the highest rate
TICK_S = 0.001
SETTLE_S = 1.0
STRAGGLERS_S = 10.0
FIRST_AT_ONCE, FIRST_EVERY_S, FIRST_WITHIN_S = 100, 0.2, 60.0
FIRST_REPORT = 100  # ids rise over all requests of a socket, and `auth` had one


class Task(msgspec.Struct):
    """What to do: where, in which words, how many pairs, at which rates, for how long, and whose CPU to read."""

    origin: str
    dialect: str
    pairs: int
    rates: list[int]
    warm_s: float
    measure_s: float
    pids: dict[str, list[int]]


class Idle(msgspec.Struct, tag="idle"):
    """Server memory per authenticated socket that does nothing."""

    kib_per_socket: float


class Measured(msgspec.Struct, tag="rate"):
    """One rate: pings in the measured window, how many reached their watcher, when, and what that cost per one.

    A system that is overrun may deliver nothing at all: then there is no latency. `kernel_us`: the kernel's part of
    what the server used, mostly sending and receiving.
    """

    rate: int
    sent_per_s: float
    delivered: float
    acked: float
    p50_ms: float | None
    p99_ms: float | None
    cpu_us: dict[str, float]
    load_cores: float
    kernel_us: float = 0.0


class Pair:
    """A rider, its watcher, and the send times of the rider's latest pings."""

    __slots__ = ("acked", "number", "rider", "seen", "sent", "seq", "watcher")

    def __init__(self, number: int) -> None:
        self.number, self.seq, self.seen, self.acked = number, 0, 0, 0
        self.sent = [0.0] * RING
        self.rider: Link
        self.watcher: Link


class Load:
    """All pairs, and what the present window has seen."""

    def __init__(self, task: Task) -> None:
        self.task, self.dialect = task, DIALECTS[task.dialect]()
        self.pairs = [self._pair(number) for number in range(task.pairs)]
        self.window = (0.0, 0.0)
        self.latencies: list[float] = []
        self.arrived = self.acked = 0
        self.errors: Counter[str] = Counter()
        self.turn = 0

    def _pair(self, number: int) -> Pair:
        pair = Pair(number)

        def at_watcher(link: Link, heard: Heard) -> None:
            if heard.type == "position" and heard.seq > pair.seen:
                pair.seen = heard.seq
                self.arrived += 1
                sent = pair.sent[heard.seq % RING]
                if self.window[0] <= sent < self.window[1]:
                    self.latencies.append(time.perf_counter() - sent)

        def at_rider(link: Link, heard: Heard) -> None:
            if heard.type == "location.ack":
                self.acked += max(0, heard.upto - pair.acked)
                pair.acked = max(pair.acked, heard.upto)
            else:
                self.errors[f"{heard.type} {heard.code}"] += 1

        pair.rider = Link(self.dialect, token(f"r{number}", "rider"), at_rider)
        pair.watcher = Link(self.dialect, token(f"d{number}", "dispatcher"), at_watcher)
        return pair

    async def enter(self) -> Idle:
        """Connect everybody, reading what an idle socket costs on the way, then let each watcher watch its rider."""
        links = [link for pair in self.pairs for link in (pair.rider, pair.watcher)]
        first = min(len(links) // 4, 200)
        await connect(links[:first], self.task.origin)
        await asyncio.sleep(SETTLE_S)
        before = rss_kib(self.task.pids["server"])
        await connect(links[first:], self.task.origin)
        await asyncio.sleep(SETTLE_S)
        idle = Idle((rss_kib(self.task.pids["server"]) - before) / (len(links) - first))
        channels = {pair.watcher: [f"rider:r{pair.number}"] for pair in self.pairs}
        await subscribe(channels, lambda link: channels[link])
        await self.everybody_is_seen()
        return idle

    async def everybody_is_seen(self) -> None:
        """Every rider's first pings, again until its watcher saw one: who is new costs more, and we measure what lasts.

        Raises TimeoutError when some are not seen within FIRST_WITHIN_S.
        """
        async with asyncio.timeout(FIRST_WITHIN_S):
            while unseen := [pair for pair in self.pairs if not pair.seen]:
                for pair in unseen[:FIRST_AT_ONCE]:
                    self.send(pair)
                await asyncio.sleep(FIRST_EVERY_S)

    def send(self, pair: Pair) -> None:
        """The rider's next ping, half a metre further on."""
        pair.seq += 1
        lat = 41.1 + pair.number * 1e-5 + abs(pair.seq % 2000 - 1000) * 5e-6
        payload = self.dialect.report(FIRST_REPORT + pair.seq, pair.seq, time.time_ns() // 1_000_000, lat, -8.6)
        pair.sent[pair.seq % RING] = time.perf_counter()
        pair.rider.send(payload)

    async def pace(self, rate: int, seconds: float) -> int:
        """Send `rate` pings a second, riders in turn, however slow the answers are; returns how many."""
        start, sent = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < seconds:
            for _ in range(int(elapsed * rate) - sent):
                self.send(self.pairs[self.turn])
                self.turn = (self.turn + 1) % len(self.pairs)
                sent += 1
            await asyncio.sleep(TICK_S)
        return sent

    async def measure(self, rate: int) -> Measured:
        """Warm up, measure a window, then give stragglers a moment."""
        await self.pace(rate, self.task.warm_s)
        self.latencies.clear()
        groups = {**self.task.pids, "load": [psutil.Process().pid]}
        cpu, kernel = cpu_of(groups), kernel_s(groups["server"])
        arrived, acked, start = self.arrived, self.acked, time.perf_counter()
        self.window = (start, start + 3600)
        sent = await self.pace(rate, self.task.measure_s)
        end = time.perf_counter()
        self.window = (start, end)
        used = {name: after - cpu[name] for name, after in cpu_of(groups).items()}
        kernel = kernel_s(groups["server"]) - kernel
        arrived, acked = self.arrived - arrived, self.acked - acked
        await self.settle()
        return Measured(
            rate, sent / (end - start), len(self.latencies) / max(sent, 1), acked / max(sent, 1),
            self.quantile_ms(0.5), self.quantile_ms(0.99),
            {name: 1e6 * seconds / max(arrived, 1) for name, seconds in used.items() if name != "load"},
            used["load"] / (end - start), 1e6 * kernel / max(arrived, 1),
        )

    async def settle(self) -> None:
        """Wait until every watcher has its rider's last ping, so that no rate pays for the one before; not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STRAGGLERS_S):
                while any(pair.seen < pair.seq for pair in self.pairs):  # noqa: ASYNC110 - see everybody_is_seen
                    await asyncio.sleep(0.05)

    def quantile_ms(self, share: float) -> float | None:
        """The latency that this share of the window's deliveries did not exceed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


async def main(task: Task) -> None:
    """Enter, then one measurement a rate; each result is printed as soon as it is known."""
    load = Load(task)
    print(msgspec.json.encode(await load.enter()).decode(), flush=True)
    for rate in task.rates:
        print(msgspec.json.encode(await load.measure(rate)).decode(), flush=True)
        if load.errors:
            print(f"riders heard something else than an acknowledgement: {dict(load.errors)}", file=sys.stderr)
            load.errors.clear()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(main(msgspec.json.decode(sys.argv[1], type=Task)))
