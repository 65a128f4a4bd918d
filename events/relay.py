"""The relay: from the outbox to the broker, the oldest first, one batch at a time, by one relay at a time.

It is woken when a row is written, and looks every POLL_S even so. A batch that the broker did not confirm stays in the
outbox and is sent again: an event may be published twice and is never left out. Which relay leads is written in
MongoDB, for a few seconds at a time; should two believe it, some events are published twice.
"""

import asyncio

import structlog
from pymongo.errors import PyMongoError

from events.outbox import Lead, Outbox
from events.transport import Away, Transport

log = structlog.get_logger(__name__)
BATCH = 500
POLL_S, STANDBY_S = 1.0, 0.5
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 2.0
UNROUTABLE_WAITS_S = 30.0


class Relay:
    """Runs in every worker that is told to; all but one stand by. `published` and `unroutable` are counted."""

    def __init__(self, outbox: Outbox, transport: Transport) -> None:
        self.outbox, self.transport = outbox, transport
        self.lead = Lead(outbox.db)
        self.woken = asyncio.Event()
        self.published = self.unroutable = 0
        self._wait_s = FIRST_WAIT_S

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; the batch in hand is finished, and another relay may lead at once."""
        stopping = asyncio.ensure_future(stop.wait())
        waking = asyncio.ensure_future(self._keep_waking())
        try:
            while not stop.is_set():
                pause_s = await self._turn()
                if pause_s:
                    woken = asyncio.ensure_future(self.woken.wait())
                    await asyncio.wait({stopping, woken}, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
                    woken.cancel()
            await self.lead.give_up()
        finally:
            for task in (stopping, waking):
                task.cancel()
            await asyncio.gather(stopping, waking, return_exceptions=True)

    async def _turn(self) -> float:
        """One look; how long to rest after it, at most."""
        try:
            if not await self.lead.take():
                return STANDBY_S
            self.woken.clear()
            moved = await self.move()
        except (Away, PyMongoError) as error:
            log.warning("events wait in the outbox", error=str(error), again_in_s=self._wait_s)
            await asyncio.sleep(self._wait_s)  # not woken by every new row
            self._wait_s = min(LONGEST_WAIT_S, 2 * self._wait_s)
            return 0.0
        self._wait_s = FIRST_WAIT_S
        return 0.0 if moved else POLL_S

    async def move(self) -> int:
        """Publish the oldest batch; how many events the broker took. Raises Away when it took none."""
        events = await self.outbox.waiting(BATCH)
        if not events:
            return 0
        taken = await self.transport.publish(events)
        if taken.ids:
            await self.outbox.mark_published(taken.ids)
            self.published += len(taken.ids)
        if taken.unroutable:
            await self.outbox.put_off(taken.unroutable, "it found no queue", UNROUTABLE_WAITS_S)
            self.unroutable += len(taken.unroutable)
            log.error("events found no queue; is a consumer's queue not declared?", events=len(taken.unroutable))
        return len(taken.ids)

    async def _keep_waking(self) -> None:
        """Follow the outbox; without it the next look is a little later, and that is all."""
        while True:
            try:
                await self.outbox.follow(self.woken.set)
            except PyMongoError as error:
                log.info("not told of new events, looking for them only", error=str(error))
            await asyncio.sleep(POLL_S)
