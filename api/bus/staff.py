"""What a worker does for events: it relays, consumes its queues, signs the roll, and watches over its own ears.

Told to stop, it finishes what is in hand. A consumer that is connected and hears nothing gets a new connection at the
first sign, and at the second, for the same queue, the worker gives up: a fresh process is worth more. One that has had
nothing to hear for long gets a new connection too, in case nobody could see that it is deaf.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import structlog

from api.bus.plugins import find
from api.bus.roll import EVERY_S, Roll, Worker
from api.consumers import ON, Tools
from events.consumer import Consumers
from events.deaf import QUIET_S, Look, Quiet, is_deaf
from events.once import Once
from events.plugin import with_plugins
from events.relay import Relay
from events.topology import AT_ONCE
from events.transport import Away, Transport

log = structlog.get_logger(__name__)
AGAIN_AFTER_S = 1.0
RELAY, PLUGINS = "relay", "plugins"
Work = Callable[[asyncio.Event], Awaitable[None]]


class Deaf(RuntimeError):
    """A queue is not heard although the broker answers, and a new connection did not help."""


class Staff:
    """`parts` are names of queues, `relay` and `plugins`; what is not named is left to other workers."""

    def __init__(
        self, transport: Transport, tools: Tools, parts: Sequence[str], *, look_every_s: float,
        quiet_s: float = QUIET_S,
    ) -> None:
        self.transport, self.tools, self.look_every_s = transport, tools, look_every_s
        self.name = uuid.uuid4().hex[:12]
        self.once = Once(tools.db)
        self.relay = Relay(tools.outbox, transport) if RELAY in parts else None
        plugins = find(tools.settings.event_plugins)
        self.guards = [guard for plugin in plugins for guard in plugin.guards]
        table = with_plugins(ON, plugins)
        self.consumers = Consumers(transport, self.once, table, tools)
        self.queues = [
            queue.name for queue in transport.topology.queues
            if queue.name in parts or (PLUGINS in parts and queue.name.startswith("plugin."))
        ]
        self.roll = Roll(tools.redis, tools.settings.key_prefix)
        self._looks: dict[str, Look] = {}
        self._suspects: set[str] = set()
        self._quiet = Quiet(quiet_s)

    @property
    def has_work(self) -> bool:
        """Whether any of the parts is ours."""
        return self.relay is not None or bool(self.queues)

    async def prepare(self) -> None:
        """Everything that must stand before work begins; raises Away or what MongoDB raises."""
        await self.transport.declare()
        await self.once.ensure_indexes()
        await self.tools.ensure_indexes()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; raises Deaf."""
        log.info("consuming", queues=self.queues, relays=self.relay is not None, broker=self.transport.name)
        works: list[Work] = [partial(self.consumers.run, queue) for queue in self.queues]
        works += [self.relay.run] if self.relay is not None else []
        working = [asyncio.ensure_future(self._keep(stop, work)) for work in (*works, self._sign)]
        whole, watching = asyncio.gather(*working), asyncio.ensure_future(self._watch())
        both: list[asyncio.Future[Any]] = [whole, watching]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            await self._resign()

    async def _keep(self, stop: asyncio.Event, work: Work) -> None:
        """Again, should it break, until told to stop."""
        while not stop.is_set():
            try:
                await work(stop)
            except Exception as error:
                log.error("event work ended", error=f"{type(error).__name__}: {error}", again_in_s=AGAIN_AFTER_S)
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _watch(self) -> None:
        """Look at every queue of ours now and then; raises Deaf."""
        while True:
            await asyncio.sleep(self.look_every_s)
            try:
                await self.look()
            except Away as error:
                log.info("the broker cannot be asked", error=str(error))
                self._looks.clear()

    async def look(self) -> None:
        """One look at every queue, against the one before; raises Deaf, or Away."""
        depths = await self.transport.depths()
        for queue in self.queues:
            depth, taken = depths.queues[queue], self.consumers.taken[queue]
            now = Look(depth.ready, depth.consumers, taken, self.consumers.in_hand[queue] < AT_ONCE)
            before = self._looks.get(queue)
            self._looks[queue] = now
            if before is None or not is_deaf(before, now):
                if before is not None and before.taken != taken:
                    self._suspects.discard(queue)
                if self._quiet.is_long(queue, taken, self.consumers.in_hand[queue], time.monotonic()):
                    log.debug("nothing was heard for long, connecting anew to be sure", queue=queue)
                    self.consumers.restart(queue)
                continue
            if queue in self._suspects:
                raise Deaf(f"{queue}: {now.ready} events are ready, {now.consumers} consumers, and we hear nothing")
            log.error("connected and deaf, connecting anew", queue=queue, ready=now.ready, consumers=now.consumers)
            self._suspects.add(queue)
            del self._looks[queue]
            self.consumers.restart(queue)

    async def _sign(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.roll.sign(self.name, self.state())
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait({stopping}, timeout=EVERY_S)
            stopping.cancel()

    async def _resign(self) -> None:
        try:
            await self.roll.resign(self.name)
        except Exception as error:  # it will be forgotten in time
            log.debug("could not sign off", error=str(error))

    def state(self) -> Worker:
        """What the roll says of us."""
        counts, relay = self.consumers, self.relay
        return Worker(
            at=time.time(), in_hand=dict(counts.in_hand), taken=dict(counts.taken), failed=dict(counts.failed),
            published=relay.published if relay else 0, unroutable=relay.unroutable if relay else 0,
        )
