"""What readers that stop reading do to those who read on: 500 beside 500, one table.

Each good reader watches a rider of its own. Each slow one watches ten of them through a small receive buffer and then
stops reading. The good ones' latency is measured while everybody reads (the baseline) and again while half stall; the
server's memory and its established connections are read from /proc all the while. Exit code 1 when a promise is broken:
good p99 at most twice the baseline, slow ones gone within 30 s, memory bounded.
"""

import argparse
import asyncio
import re
import resource
import socket
import sys
import time
from pathlib import Path

import msgspec
import uvloop
from picows import WSParsedURL

from bench.dialects import Heard
from bench.fanout.load import Load, Measured, Task
from bench.link import Link, connect, subscribe
from bench.tokens import token
from bench.usage import machine, rss_kib
from bench.world import Running, run

WATCHED_BY_SLOW = 10
SMALL_BUFFER = 4096
GONE_WITHIN_S = 30
WINDOW_S = GONE_WITHIN_S + 5.0  # both windows: what happens every few seconds must be in each
GROWTH_KIB_PER_SLOW = 256


class Watch(msgspec.Struct):
    """What /proc said while the slow ones stalled."""

    most_kib: float = 0.0
    gone_after_s: float | None = None


async def small(url: WSParsedURL) -> socket.socket:
    """A connected socket that can hold little."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (url.host, url.port))
    return made


def ignore(link: Link, heard: Heard) -> None:
    """A slow reader makes nothing of what it hears."""


def established(port: int) -> int:
    """Connections that the server holds on its port, seen from outside: the kernel's own list, read at one go."""
    held = re.compile(rb"^ *\d+: [0-9A-F]+:%04X [0-9A-F]+:[0-9A-F]+ 01 " % port, re.MULTILINE)
    return sum(len(held.findall(Path("/proc/net", table).read_bytes())) for table in ("tcp", "tcp6"))


async def watch(running: Running, expected: int, seen: Watch) -> None:
    """Sample twice a second: memory, and whether only the good connections are left. The clock's loop does not wait."""
    start, port = time.monotonic(), int(running.origin.rsplit(":", 1)[1])
    while True:
        seen.most_kib = max(seen.most_kib, rss_kib(running.server.pids()))
        held = await asyncio.to_thread(established, port)
        if seen.gone_after_s is None and held <= expected:
            seen.gone_after_s = time.monotonic() - start
        await asyncio.sleep(0.5)


def show(baseline: Measured, stalled: Measured, seen: Watch, before_kib: float, after_kib: float, slow: int) -> bool:
    """Print the table; whether every promise held."""
    growth = seen.most_kib - before_kib
    if not (baseline.p50_ms and baseline.p99_ms and stalled.p50_ms and stalled.p99_ms):
        print("nothing was delivered")
        return False
    gone = f"{seen.gone_after_s:.1f} s" if seen.gone_after_s is not None else "never"
    print(f"Measured on {machine()}; {slow} of {2 * slow} readers stop.\n")
    print("| | everybody reads | half stop reading |\n|---|--:|--:|")
    print(f"| good p50 / p99 ms | {baseline.p50_ms:.1f} / {baseline.p99_ms:.1f} "
          f"| {stalled.p50_ms:.1f} / {stalled.p99_ms:.1f} ({stalled.p99_ms / baseline.p99_ms:.2f} x) |")
    print(f"| delivered to good ones | {100 * baseline.delivered:.2f} % | {100 * stalled.delivered:.2f} % |")
    most, after = f"{seen.most_kib / 1024:.1f}", f"{after_kib / 1024:.1f}"
    print(f"| server memory MiB | {before_kib / 1024:.1f} | most {most}, after {after} |")
    print(f"| slow ones gone after | – | {gone} |")
    in_time = seen.gone_after_s is not None and seen.gone_after_s <= GONE_WITHIN_S
    return stalled.p99_ms <= 2 * baseline.p99_ms and in_time and growth <= slow * GROWTH_KIB_PER_SLOW


async def measure(running: Running, options: argparse.Namespace) -> bool:
    """Baseline, stall, compare."""
    count = options.readers
    load = Load(Task(running.origin, options.encoding, count, [], 2, WINDOW_S, running.pids()))
    await load.enter()
    slow = [Link(load.dialect, token(f"slow{number}", "dispatcher"), ignore) for number in range(count)]
    await connect(slow, running.origin, socket_factory=small)
    wanted = {
        link: [f"rider:r{(number + step) % count}" for step in range(WATCHED_BY_SLOW)]
        for number, link in enumerate(slow)
    }
    await subscribe(slow, lambda link: wanted[link])
    baseline = await load.measure(options.rate)
    before_kib, seen, left = rss_kib(running.server.pids()), Watch(), 2 * count
    for link in slow:
        if link.transport is not None:
            link.transport.underlying_transport.pause_reading()
    watching = asyncio.create_task(watch(running, left, seen))
    load.task.warm_s = 0
    stalled = await load.measure(options.rate)
    watching.cancel()
    return show(baseline, stalled, seen, before_kib, rss_kib(running.server.pids()), count)


def main() -> None:
    """Run it against a Ridewire of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench.slow_readers", description=__doc__)
    parser.add_argument("--readers", type=int, default=500, help="good readers, and as many slow ones")
    parser.add_argument("--rate", type=int, default=2000, help="pings a second, all riders together")
    parser.add_argument("--encoding", choices=["json", "msgpack"], default="json")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with run("ridewire") as running:
        held = uvloop.run(measure(running, options))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
