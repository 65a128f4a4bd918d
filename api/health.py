"""Is it well: real questions to everything we stand on, each with a time-out, none answered from memory.

`health_routes.py` tells it over HTTP. What is needed and down makes 503; what only helps makes it `degraded`, with 200.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

CHECK_S = 2.0
OPEN: list[dict[str, list[str]]] = [{}]  # OpenAPI's way to say that no token is needed
Look = Callable[[], Awaitable[str]]
OFF = "not set up"  # what `look` answers for a component that nobody asked for


class Unwell(Exception):
    """A component answered, and the answer is not good; the message says what is wrong."""


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """How one component was just now. `off`: not set up. `latency_ms`: how long its answer took."""

    name: str
    status: Literal["up", "down", "off"]
    needed: bool
    latency_ms: float
    detail: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All components. `degraded`: something is down; `draining`: this process is on its way out."""

    status: Literal["healthy", "degraded", "unhealthy", "draining"]
    components: dict[str, Component]
    uptime_s: float


class Alive(msgspec.Struct, frozen=True):
    """This process answers."""

    status: Literal["ok", "draining", "not_ready"] = "ok"


class Check(msgspec.Struct, frozen=True):
    """A component to ask: `look` returns a detail worth reading, or raises. Details hold no secrets."""

    name: str
    look: Look
    needed: bool = True


class Health:
    """The components of this process, in the order they were given."""

    def __init__(self, checks: list[Check]) -> None:
        self.checks = {check.name: check for check in checks}
        self.is_draining = False
        self.started_s = time.monotonic()

    async def ask(self, check: Check) -> Component:
        """Ask one, bounded."""
        started_s = time.perf_counter()
        status: Literal["up", "down", "off"] = "up"
        try:
            async with asyncio.timeout(CHECK_S):
                detail = await check.look()
            status = "off" if detail == OFF else "up"
        except TimeoutError:
            status, detail = "down", f"no answer within {CHECK_S:.0f} s"
        except Unwell as error:
            status, detail = "down", str(error)
        except Exception as error:
            status, detail = "down", type(error).__name__  # its text may hold an address or a password
        latency_ms = round((time.perf_counter() - started_s) * 1000, 1)
        return Component(name=check.name, status=status, needed=check.needed, latency_ms=latency_ms, detail=detail)

    async def report(self) -> Report:
        """Ask all at the same time."""
        found = await asyncio.gather(*(self.ask(check) for check in self.checks.values()))
        ups = [component.status != "down" for component in found]
        if self.is_draining:
            status: Literal["healthy", "degraded", "unhealthy", "draining"] = "draining"
        else:
            status = "healthy" if all(ups) else "degraded" if any(ups) else "unhealthy"
        uptime_s = round(time.monotonic() - self.started_s, 1)
        return Report(status=status, components={each.name: each for each in found}, uptime_s=uptime_s)


def serves(report: Report) -> bool:
    """Whether traffic should come here."""
    needed_up = all(each.status != "down" for each in report.components.values() if each.needed)
    return needed_up and report.status != "draining"
