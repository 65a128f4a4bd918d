"""Results as one markdown table: every system at every rate, with its cost against the first peer's."""

from collections.abc import Sequence

import msgspec

from bench.fanout.load import Measured

LEAST_DELIVERED = 0.05
HEAD = (
    "| pings/s | system | delivered | CPU µs per delivered ping: server + Redis = sum | worker + MongoDB "
    "| sum against {base} | p50 / p99 ms | KiB per idle socket |\n|--:|---|--:|--:|--:|--:|--:|--:|\n"
)


class Run(msgspec.Struct):
    """One system's figures."""

    name: str
    title: str
    kib_per_socket: float
    rates: list[Measured]


def cost_us(measured: Measured) -> float:
    """What a delivered ping costs on its way to the watcher: the server and Redis."""
    return measured.cpu_us["server"] + measured.cpu_us["redis"]


def is_alive(measured: Measured) -> bool:
    """Whether enough arrived for a cost per delivered ping to mean anything."""
    return measured.delivered >= LEAST_DELIVERED


def told(ms: float | None) -> str:
    """Milliseconds, or a dash when nothing arrived."""
    return "–" if ms is None else f"{ms:.1f}"


def row(run: Run, measured: Measured, base: Measured | None) -> str:
    """One line of the table."""
    server, redis = measured.cpu_us["server"], measured.cpu_us["redis"]
    spent = f"{server:.0f} + {redis:.0f} = {server + redis:.0f}"
    behind = [f"{measured.cpu_us[name]:.0f}" for name in ("worker", "mongo") if name in measured.cpu_us]
    ratio = f"{cost_us(measured) / cost_us(base):.2f}" if base and is_alive(measured) and is_alive(base) else "–"
    cells = [
        f"{measured.rate}", run.title, f"{100 * measured.delivered:.1f} %",
        spent if is_alive(measured) else "–", " + ".join(behind) or "–", ratio,
        f"{told(measured.p50_ms)} / {told(measured.p99_ms)}", f"{run.kib_per_socket:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def table(runs: Sequence[Run], base: str) -> str:
    """All of it, grouped by rate; `base` is the system that the ratios are taken against."""
    against = {measured.rate: measured for run in runs if run.name == base for measured in run.rates}
    title = next((run.title for run in runs if run.name == base), "–")
    by_rate: dict[int, list[str]] = {}
    for run in runs:
        for measured in run.rates:
            by_rate.setdefault(measured.rate, []).append(row(run, measured, against.get(measured.rate)))
    return HEAD.format(base=title) + "\n".join(line for rate in sorted(by_rate) for line in by_rate[rate])
