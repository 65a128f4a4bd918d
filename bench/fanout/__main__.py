"""Runs each system at each rate and prints one table; `--json` keeps the figures, `--markdown` writes the page."""

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from bench.fanout.load import Idle, Measured, Task
from bench.fanout.table import Run, table
from bench.page import busy_percent, source
from bench.world import COMPARED, SYSTEMS, run

PAGE = """# Benchmarks

What a rider's ping costs until its watcher has it: decoded, validated, compared with the newest, added to Redis GEO,
appended to a durable stream, acknowledged, published and pushed. {pairs} riders and {pairs} watchers, one to one, every
socket authenticated by a signed token. Each system runs alone against a fresh Valkey with an append-only file; the load
comes from a process of its own on the same machine and CPU is read from /proc. Ridewire also deduplicates, judges speed
and steers the rider's rate; its worker, which writes every point to MongoDB, and MongoDB itself are in a column of
their own because the peers have no such thing.

{source} Where the CPU goes, and why it is not less, has
[a page](decisions/2026-11-25-where-the-cpu-goes.md). Ridewire's answers to a rider who reports several times
a second [travel together](decisions/2026-11-25-answers-gather.md); the peers answer each report by itself.

{table}

The peers' programs stand in `bench/peers/`. `--systems` also takes `floor` (`bench/floor.py`): a server that decodes,
answers and pushes on the same library as Ridewire, and keeps, judges and hides nothing. At rates a system cannot hold,
newest-wins delivery drops what is overtaken; latency counts what arrived.
"""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.fanout", description=__doc__)
    parser.add_argument("--systems", default=",".join(COMPARED), help="of " + ", ".join(SYSTEMS))
    parser.add_argument("--rates", default="1000,2000,5000,10000,20000", help="pings a second, all riders together")
    parser.add_argument("--pairs", type=int, default=2000, help="riders, with a watcher each")
    parser.add_argument("--seconds", type=float, default=8, help="length of the measured window")
    parser.add_argument("--warm", type=float, default=3, help="seconds of load before it")
    parser.add_argument("--base", default="socketio", help="the system that ratios are taken against")
    parser.add_argument("--earlier", type=Path, help="figures of other rates, kept by --json, for the same table")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--markdown", type=Path, help="write the page here")
    return parser.parse_args()


def measure(name: str, options: argparse.Namespace) -> Run:
    """One system, from fresh servers to stopped ones."""
    with run(name) as running:
        rates = [int(rate) for rate in options.rates.split(",")]
        dialect = SYSTEMS[name].dialect
        task = Task(running.origin, dialect, options.pairs, rates, options.warm, options.seconds, running.pids())
        load = [sys.executable, "-m", "bench.fanout.load", msgspec.json.encode(task).decode()]
        child = subprocess.Popen(load, stdout=subprocess.PIPE)
        result = Run(name, SYSTEMS[name].title, 0.0, [])
        assert child.stdout is not None
        for line in child.stdout:
            heard = msgspec.json.decode(line, type=Idle | Measured)
            if isinstance(heard, Idle):
                result.kib_per_socket = heard.kib_per_socket
            else:
                result.rates.append(heard)
                print(f"{name} at {heard.rate}: {heard.sent_per_s:.0f}/s sent", file=sys.stderr, flush=True)
        if child.wait(30):
            raise SystemExit(f"the load against {name} failed; its server's log ends:\n{running.server.tail()}")
    return result


def joined(earlier: Path, runs: list[Run]) -> list[Run]:
    """The runs with the rates measured before them; a system's memory is that of its latest run."""
    before = {each.name: each.rates for each in msgspec.json.decode(earlier.read_bytes(), type=list[Run])}
    for each in runs:
        each.rates = [*before.get(each.name, ()), *each.rates]
    return runs


def main() -> None:
    """Measure, print, keep."""
    options = arguments()
    busy = busy_percent()
    runs = [measure(name, options) for name in options.systems.split(",")]
    if options.earlier:
        runs = joined(options.earlier, runs)
    lines = table(runs, options.base)
    print(lines)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(runs)))
    if options.markdown:
        said = source("python -m bench.fanout --markdown docs/benchmarks.md", busy)
        page = PAGE.format(pairs=options.pairs, source=said, table=lines)
        options.markdown.write_text(page)


if __name__ == "__main__":
    main()
