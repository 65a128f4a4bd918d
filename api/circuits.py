"""How those are whom we ask: providers, plug-ins' services, routing servers, as the processes that ask them see it.

Each process writes the state of its guards into one hash in Redis every few seconds, so that each shows all of them.
Of what several processes ask, the worst level counts, and their calls together.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import structlog
from prometheus_client.core import Metric

from api.health import OFF, Unwell
from calls.guard import Guard
from infra.metrics import gauges

log = structlog.get_logger(__name__)
EVERY_S, FRESH_S, LIFE_S = 5.0, 20.0, 3600
OPEN_LEVEL = 2.0
WORDS = {0.0: "closed", 1.0: "half open", OPEN_LEVEL: "open"}
FOREIGN = "webhook:"  # other people's endpoints: how they are is no matter of our health
Guards = Callable[[], Iterable[Guard]]


class State(msgspec.Struct, array_like=True):
    """As one process sees it: the breaker's level (0 closed, 1 half open, 2 open), and how calls went."""

    level: float
    counts: dict[str, int]
    at_s: float


class Circuits:
    """`sources` are this process' own guards, by who has them. Where Redis does not answer, nothing is known."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self._redis, self._key, self._me = redis, f"{prefix}:circuits", uuid.uuid4().hex[:12]
        self.sources: dict[str, Guards] = {}
        self.states: dict[str, State] = {}

    async def run(self) -> None:
        """Write ours and read all, for ever."""
        while True:
            try:
                await self.report()
                self.states = await self.read()
            except Exception as error:  # health says what is wrong; here the numbers just end
                log.debug("circuits could not be looked at", error=str(error))
                self.states = {}
            await asyncio.sleep(EVERY_S)

    async def report(self) -> None:
        """Write how ours are now."""
        fields = {
            f"{guard.name}|{self._me}": msgspec.msgpack.encode(State(guard.level, dict(guard.counts), time.time()))
            for guards in self.sources.values() for guard in guards()
        }
        if fields:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(self._key, mapping=fields)
                pipe.expire(self._key, LIFE_S)
                await pipe.execute()

    async def read(self) -> dict[str, State]:
        """Of all processes that live, by name; what the dead left is struck off."""
        found: dict[str, State] = {}
        gone: list[bytes] = []
        for field, packed in (await self._redis.hgetall(self._key)).items():
            state = msgspec.msgpack.decode(packed, type=State)
            if state.at_s < time.time() - FRESH_S:
                gone.append(field)
                continue
            name = field.decode().rpartition("|")[0]
            found[name] = together(found[name], state) if name in found else state
        if gone:
            await self._redis.hdel(self._key, *gone)
        return found

    def metrics(self) -> Iterable[Metric]:
        """As they were at the last look."""
        about = "a provider's circuit: 0 closed, 1 half open, 2 open"
        levels = {name: state.level for name, state in self.states.items()}
        yield gauges("provider_circuit", about, "provider", levels)
        for what in ("answered", "failed", "not_asked"):
            counts = {name: float(state.counts.get(what, 0)) for name, state in self.states.items()}
            yield gauges(f"provider_calls_{what}", f"calls to a provider that were {what}", "provider", counts)

    async def look(self) -> str:
        """What health says of them, asked anew: each of ours with its state; raises Unwell when one is left alone."""
        states = await self.read()
        ours = {name: state.level for name, state in sorted(states.items()) if not name.startswith(FOREIGN)}
        told = [f"{name} {WORDS[level]}" for name, level in ours.items()]
        endpoints = [state.level for name, state in states.items() if name.startswith(FOREIGN)]
        if endpoints:
            told.append(f"webhooks {len(endpoints) - endpoints.count(OPEN_LEVEL)} of {len(endpoints)} not open")
        if OPEN_LEVEL in ours.values():
            raise Unwell(", ".join(told))
        return ", ".join(told) or OFF


def together(one: State, other: State) -> State:
    """What two processes see of the same."""
    counts = Counter(one.counts)
    counts.update(other.counts)
    return State(max(one.level, other.level), dict(counts), max(one.at_s, other.at_s))
