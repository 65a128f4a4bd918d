"""What processes cost, read from /proc: CPU seconds and resident memory of groups of processes."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

Groups = Mapping[str, Sequence[int]]


def cpu_s(pids: Sequence[int]) -> float:
    """CPU time that these processes have used so far, user and system; ended ones count nothing."""
    return sum(user + system for user, system in _times(pids))


def kernel_s(pids: Sequence[int]) -> float:
    """The part of it that the kernel used in their name."""
    return sum(system for _, system in _times(pids))


def _times(pids: Sequence[int]) -> Iterator[tuple[float, float]]:
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            yield times.user, times.system


def cpu_of(groups: Groups) -> dict[str, float]:
    """CPU seconds per group."""
    return {name: cpu_s(pids) for name, pids in groups.items()}


def rss_kib(pids: Sequence[int]) -> float:
    """Resident memory of these processes together."""
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += psutil.Process(pid).memory_info().rss
    return total / 1024


def machine() -> str:
    """One line that says what the figures were measured on."""
    model = "unknown processor"
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{psutil.cpu_count()} cores, {model}, {psutil.virtual_memory().total / 2**30:.0f} GiB"
