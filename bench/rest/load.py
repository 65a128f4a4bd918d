"""Asks one server over raw keep-alive sockets, each in a closed loop: a request's bytes out, its answer's in."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from bench.usage import cpu_of

Make = Callable[[int], bytes]


class Seen(msgspec.Struct):
    """What a run saw. `cpu_us`: per request, by whom."""

    requests: int
    seconds: float
    latencies_ms: list[float]
    statuses: dict[str, int]
    outcomes: dict[str, int]
    cpu_us: dict[str, float]

    def at(self, share: float) -> float:
        """The latency that this share stays below."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


def request(
    method: str, path: str, token: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """A request's bytes."""
    told = [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", *told]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def one(port: int, make: Make, first: int, step: int, until_s: float, seen: Seen) -> None:
    """One connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    number = first
    while (began_s := time.perf_counter()) < until_s:
        writer.write(make(number))
        number += step
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        at = lower.find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(lower[at + 15 : lower.index(b"\r\n", at)]))
        seen.latencies_ms.append((time.perf_counter() - began_s) * 1000)
        status = head[9:12].decode()
        seen.statuses[status] = seen.statuses.get(status, 0) + 1
        at = lower.find(b"x-cache-status: ")
        outcome = lower[at + 16 : lower.index(b"\r\n", at)].decode() if at >= 0 else ""
        seen.outcomes[outcome] = seen.outcomes.get(outcome, 0) + 1
    writer.close()


async def run(
    port: int, make: Make, pids: Mapping[str, Sequence[int]], *, seconds: float, connections: int, begin: int = 0
) -> Seen:
    """All connections for so long; CPU from /proc."""
    seen = Seen(0, 0.0, [], {}, {}, {})
    before, began_s = cpu_of(pids), time.perf_counter()
    await asyncio.gather(*(
        one(port, make, begin + number, connections, began_s + seconds, seen) for number in range(connections)
    ))
    seen.seconds = time.perf_counter() - began_s
    seen.requests = len(seen.latencies_ms)
    seen.cpu_us = {name: (used - before[name]) * 1e6 / seen.requests for name, used in cpu_of(pids).items()}
    seen.latencies_ms.sort()
    return seen
