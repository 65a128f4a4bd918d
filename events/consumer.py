"""Deliveries to effects: reads the event, runs what the table says, gives the broker a verdict, and counts.

A delivery is done when every reaction on its queue is; a failed one comes back as a whole, and those that were done
before are not done again.
"""

import asyncio
from collections import Counter
from typing import Any

import structlog

from events.event import Event, Unreadable, decode
from events.once import Once, Session
from events.reaction import Hopeless, Reaction, Table, reactions
from events.transport import Away, Delivery, Failed, Transport

log = structlog.get_logger(__name__)
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 5.0


class Consumers:
    """Consumes queues with one table. `in_hand`, `taken` and `failed` are counted per queue."""

    def __init__(self, transport: Transport, once: Once, table: Table, tools: Any) -> None:
        self.transport, self.once, self.table, self.tools = transport, once, table, tools
        self.in_hand, self.taken, self.failed = Counter[str](), Counter[str](), Counter[str]()
        self.again: dict[str, asyncio.Event] = {}

    async def run(self, queue: str, stop: asyncio.Event) -> None:
        """Consume until told to stop; a lost broker is tried again."""
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            taken = self.taken[queue]
            try:
                await self._consume(queue, stop)
            except Away as error:
                log.warning("a queue is not consumed", queue=queue, error=str(error), again_in_s=wait_s)
                wait_s = FIRST_WAIT_S if self.taken[queue] > taken else wait_s
                stopping = asyncio.ensure_future(stop.wait())
                await asyncio.wait({stopping}, timeout=wait_s)
                stopping.cancel()
                wait_s = min(LONGEST_WAIT_S, 2 * wait_s)

    def restart(self, queue: str) -> None:
        """Give up the queue's connection and take a new one: it is connected and hears nothing."""
        if queue in self.again:
            self.again[queue].set()

    async def _consume(self, queue: str, stop: asyncio.Event) -> None:
        """One connection's life: until the broker is lost, we are to stop, or to take another."""
        ended = self.again[queue] = asyncio.Event()
        stopping = asyncio.ensure_future(_pass_on(stop, ended))
        try:
            await self.transport.consume(queue, self.handle, ended)
        finally:
            stopping.cancel()

    async def handle(self, delivery: Delivery) -> Failed | None:
        """The verdict on one delivery. Nothing is raised."""
        self.taken[delivery.queue] += 1
        self.in_hand[delivery.queue] += 1
        try:
            event = decode(delivery.body)
            with structlog.contextvars.bound_contextvars(**event.names):
                return await self._all(delivery, event)
        except Unreadable as error:
            self.failed[delivery.queue] += 1
            log.error("a message is no event", queue=delivery.queue, error=str(error))
            return Failed(str(error), again=False)
        finally:
            self.in_hand[delivery.queue] -= 1

    async def _all(self, delivery: Delivery, event: Event) -> Failed | None:
        """Every reaction on this queue; their lines in the log, and events they make, name the request."""
        errors = [await self._react(each, event) for each in reactions(self.table, delivery.queue, event.key)]
        found = [error for error in errors if error is not None]
        if not found:
            return None
        self.failed[delivery.queue] += 1
        verdict = Failed("; ".join(each.error for each in found), again=any(each.again for each in found))
        log.warning(
            "an event failed", queue=delivery.queue, event_type=event.type, event_id=event.id,
            attempt=delivery.attempt, again=verdict.again, error=verdict.error,
        )
        return verdict

    async def _react(self, reaction: Reaction, event: Event) -> Failed | None:
        async def effect(session: Session) -> Any:
            return await reaction.handle(event, self.tools, session)

        try:
            async with asyncio.timeout(reaction.within_s):
                await self.once.apply(event.id, reaction.name, effect)
        except Hopeless as error:
            return Failed(f"{reaction.name}: {error}", again=False)
        except TimeoutError:
            return Failed(f"{reaction.name}: not done within {reaction.within_s:.0f} s")
        except Exception as error:
            return Failed(f"{reaction.name}: {type(error).__name__}: {error}")
        return None


async def _pass_on(stop: asyncio.Event, ended: asyncio.Event) -> None:
    """When we are to stop, this connection ends too."""
    await stop.wait()
    ended.set()
