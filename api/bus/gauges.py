"""What metrics and health say of events: looked at every few seconds. Not a number where nobody answered."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import structlog
from prometheus_client.core import Metric

from api.bus.roll import Roll, Worker
from api.health import Check, Unwell
from events.outbox import Outbox
from events.transport import Depths, Transport
from infra.metrics import counter, counters, gauge, gauges

log = structlog.get_logger(__name__)
EVERY_S, WITHIN_S = 5.0, 4.0
LATE_S = 30.0


class Gauges:
    """The last look at broker, outbox and workers. `run` keeps looking."""

    def __init__(self, transport: Transport, outbox: Outbox, roll: Roll) -> None:
        self.transport, self.outbox, self.roll = transport, outbox, roll
        self.depths: Depths | None = None
        self.waiting, self.oldest_s = float("nan"), float("nan")
        self.workers: list[Worker] = []

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                async with asyncio.timeout(WITHIN_S):
                    self.waiting, self.oldest_s = await self.outbox.backlog()
                    self.workers = await self.roll.call()
                    self.depths = await self.transport.depths()
            except Exception as error:  # health says what is wrong; here the numbers just end
                log.debug("events could not be looked at", error=str(error))
                self.depths = None
            await asyncio.sleep(EVERY_S)

    def metrics(self) -> Iterable[Metric]:
        """Names begin with `ridewire_events`."""
        yield gauge("outbox_waiting", "events that the broker does not have yet", self.waiting)
        yield gauge("outbox_oldest_seconds", "how long the oldest of them has waited", self.oldest_s)
        yield gauge("events_workers", "workers that consume or relay", len(self.workers))
        if self.depths is not None:
            yield from self._broker(self.depths)
        totals = {"taken": Counter[str](), "failed": Counter[str]()}
        for worker in self.workers:
            totals["taken"].update(worker.taken)
            totals["failed"].update(worker.failed)
        yield counters("events_taken", "deliveries to the present workers, by queue", "queue", _floats(totals["taken"]))
        yield counters("events_failed", "those of them that failed, by queue", "queue", _floats(totals["failed"]))
        published = sum(worker.published for worker in self.workers)
        yield counter("events_published", "events the present workers published", published)

    def _broker(self, depths: Depths) -> Iterable[Metric]:
        ready = {name: float(depth.ready) for name, depth in depths.queues.items()}
        unacked = {name: float(self._unacked(name, depths)) for name in depths.queues}
        depth = {name: ready[name] + unacked[name] for name in ready}
        listening = {name: float(depth.consumers) for name, depth in depths.queues.items()}
        yield gauges("queue_depth", "events in a queue, ready or in hand", "queue", depth)
        yield gauges("queue_ready", "events nobody has in hand", "queue", ready)
        yield gauges("queue_unacked", "events that consumers have in hand", "queue", unacked)
        yield gauges("queue_consumers", "consumers of a queue", "queue", listening)
        yield gauge("events_later", "events that wait for another attempt", depths.later)
        yield gauge("events_dead", "events that nobody could deal with", depths.dead)

    def _unacked(self, queue: str, depths: Depths) -> int:
        told = depths.queues[queue].unacked
        return told if told is not None else sum(worker.in_hand.get(queue, 0) for worker in self.workers)

    def checks(self) -> list[Check]:
        """What health asks, anew each time."""
        return [
            Check("outbox", self.look_at_outbox, needed=False), Check("queues", self.look_at_queues, needed=False),
            Check("dead_letters", self.look_at_dead, needed=False),
        ]

    async def look_at_outbox(self) -> str:
        """What happened is told soon."""
        waiting, oldest_s = await self.outbox.backlog()
        if oldest_s > LATE_S:
            raise Unwell(f"{waiting} events wait, the oldest for {oldest_s:.0f} s; do a worker and the broker run?")
        return f"{waiting} events wait"

    async def look_at_queues(self) -> str:
        """Where something waits, somebody listens."""
        depths = await self.transport.depths()
        alone = [name for name, depth in depths.queues.items() if depth.ready and not depth.consumers]
        if alone:
            raise Unwell(f"events wait and nobody listens: {', '.join(alone)}; is a worker running?")
        ready = sum(depth.ready for depth in depths.queues.values())
        return f"{self.transport.name}: {len(depths.queues)} queues, {ready} events ready, {depths.later} wait again"

    async def look_at_dead(self) -> str:
        """Nobody lies there."""
        dead = (await self.transport.depths()).dead
        if dead:
            raise Unwell(f"{dead} events could not be dealt with; see `ridewire events dead`")
        return "none"


def _floats(values: Counter[str]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}
