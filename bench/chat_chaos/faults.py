"""What breaks, when, by a seed: connections all the time, and now and then a whole server."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import msgspec

from bench.chat_chaos.proxy import FaultProxy
from bench.chat_chaos.stage import Stage
from bench.chat_chaos.talker import Talker

EVERY_S = 0.25
SILENT_S = (2.0, 7.0)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much breaks: connections a turn by kind, and a whole part each `part_every_s`, in this order."""

    aborted: int = 4
    reset: int = 4
    swallowed: int = 1
    part_every_s: float = 8.0
    parts: Sequence[str] = ("server", "nginx", "server", "valkey", "nginx")


class Faults:
    """`run` until told to stop; `done` counts what was done."""

    def __init__(
        self, stage: Stage, proxy: FaultProxy, talkers: Sequence[Talker], plan: Plan, chance: random.Random
    ) -> None:
        self.stage, self.proxy, self.talkers, self.plan, self.chance = stage, proxy, talkers, plan, chance
        self.done: Counter[str] = Counter()
        self._turn = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Break connections and parts, then leave everything running."""
        loop = asyncio.get_running_loop()
        next_part_s = loop.time() + self.plan.part_every_s
        while not stop.is_set():
            self._connections()
            if loop.time() >= next_part_s:
                await self._part()
                next_part_s = loop.time() + self.plan.part_every_s
            try:
                async with asyncio.timeout(EVERY_S):
                    await stop.wait()
            except TimeoutError:
                continue

    def _connections(self) -> None:
        for talker in self.chance.sample(list(self.talkers), min(self.plan.aborted, len(self.talkers))):
            if talker.session.is_connected:
                talker.cut()
                self.done["aborted by the client"] += 1
        self.done["reset on the way"] += self.proxy.reset(self.plan.reset)
        self.done["gone silent on the way"] += self.proxy.swallow(self.plan.swallowed, self.chance.uniform(*SILENT_S))

    async def _part(self) -> None:
        """Break the next part and have it back; meanwhile connections stay as they are."""
        part = self.plan.parts[self._turn % len(self.plan.parts)]
        if part == "server":
            number = self.done["kill -9 of a server"] % len(self.stage.servers)
            self.stage.servers[number].kill()
            self.done["kill -9 of a server"] += 1
            await asyncio.to_thread(self.stage.start_server, number)
        elif part == "nginx":
            self.stage.nginx.reload()
            self.done["reload of nginx"] += 1
        else:
            await asyncio.to_thread(self.stage.valkey.kill)
            self.done["kill -9 of Valkey"] += 1
            await asyncio.to_thread(self.stage.valkey.start)
        self._turn += 1
