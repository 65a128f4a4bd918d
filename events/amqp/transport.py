"""Events over RabbitMQ: publishers wait for the broker's word, consumers answer for each message.

Each consumed queue has a connection of its own: publishing may be blocked by an alarm, and acknowledgements must not
wait behind it. Retries and dead letters are published before the original is acknowledged: dying in between makes two
of one, which counts once, and never none.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import PublishError

from events.amqp import letters
from events.amqp.dead import list_dead, replay_dead
from events.amqp.line import OPEN_S, TROUBLE, Connect, Line, as_away, hang_up
from events.amqp.standing import declare
from events.event import Event
from events.topology import AT_ONCE, Topology
from events.transport import Away, DeadLetter, Delivery, Depth, Depths, Failed, Handle, Taken

log = structlog.get_logger(__name__)
PUBLISH_S = 3.0
FINISH_S = 25.0  # what is in hand when we are told to stop
HOLD_S = 5.0  # before a message goes back that could be neither delayed nor buried


class AmqpTransport:
    """`connect` opens a connection to the first broker that takes one."""

    name = "rabbitmq"

    def __init__(self, connect: Connect, topology: Topology) -> None:
        self.connect, self.topology = connect, topology
        self._line = Line(connect, topology)
        self._asking = Line(connect, topology)

    async def close(self) -> None:
        """Hang up."""
        await self._line.close()
        await self._asking.close()

    async def declare(self) -> None:
        """Make what the topology says, on a line that publishing goes on with."""
        async with as_away():
            await declare(await self._line.channel(), self.topology)

    async def publish(self, events: Sequence[Event]) -> Taken:
        """Send in order, wait for every confirmation; what was not confirmed in time is not among the taken."""
        async with as_away():
            exchange = await (await self._line.channel()).get_exchange(self.topology.exchange, ensure=False)
        sent = [exchange.publish(letters.first(each), each.key, mandatory=True, timeout=PUBLISH_S) for each in events]
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        paired = list(zip(events, outcomes, strict=True))
        taken = tuple(each.id for each, outcome in paired if not isinstance(outcome, BaseException))
        unroutable = tuple(each.id for each, outcome in paired if isinstance(outcome, PublishError))
        if len(taken) + len(unroutable) < len(events):
            await self._line.close()
            if not taken and not unroutable:
                error = next(outcome for outcome in outcomes if isinstance(outcome, BaseException))
                raise Away(f"RabbitMQ: {type(error).__name__}: {error}")
        return Taken(taken, unroutable)

    async def consume(self, queue: str, handle: Handle, stop: asyncio.Event, at_once: int = AT_ONCE) -> None:
        """Until told to stop, or the connection ends."""
        async with as_away():
            async with asyncio.timeout(OPEN_S):
                connection = await self.connect()
            try:
                channel = await connection.channel(publisher_confirms=False)
                await declare(channel, self.topology)
                await self._consume(channel, queue, handle, stop, at_once)
            finally:
                await hang_up(connection)

    async def _consume(
        self, channel: AbstractChannel, queue: str, handle: Handle, stop: asyncio.Event, at_once: int
    ) -> None:
        hands: set[asyncio.Task[None]] = set()

        async def take(message: AbstractIncomingMessage) -> None:
            task = asyncio.ensure_future(self._answer(queue, message, handle))
            hands.add(task)
            task.add_done_callback(hands.discard)

        await channel.set_qos(prefetch_count=at_once)
        source = await channel.get_queue(queue, ensure=False)
        tag = await source.consume(take)
        stopping, closed = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(channel.closed())
        try:
            await asyncio.wait({stopping, closed}, return_when=asyncio.FIRST_COMPLETED)
            if not closed.done():
                await source.cancel(tag, timeout=OPEN_S)
            if hands:
                await asyncio.wait(set(hands), timeout=FINISH_S)
            if not stopping.done():
                raise Away(f"RabbitMQ: the channel of {queue} was closed")
        finally:
            for task in (stopping, closed, *hands):
                task.cancel()
            await asyncio.gather(stopping, closed, *hands, return_exceptions=True)

    async def _answer(self, queue: str, message: AbstractIncomingMessage, handle: Handle) -> None:
        verdict = await handle(Delivery(queue, message.body, letters.attempt_of(message)))
        with suppress(*TROUBLE):  # the channel is gone, and the broker delivers it again
            try:
                if verdict is not None:
                    await self._send_on(queue, message, verdict)
                await message.ack()
            except Away as error:
                log.warning("a failed event goes back to its queue", queue=queue, error=str(error))
                await asyncio.sleep(HOLD_S)
                await message.reject(requeue=True)

    async def _send_on(self, queue: str, message: AbstractIncomingMessage, verdict: Failed) -> None:
        """To another attempt, or to the dead; both under the name of its queue."""
        attempt = letters.attempt_of(message)
        delay_s = self.topology.delay(attempt) if verdict.again else None
        if delay_s is None:
            name, letter = self.topology.dead, letters.deceased(message, queue, verdict.error)
        else:
            name, letter = self.topology.waiting(delay_s), letters.again(message, {letters.ATTEMPT: attempt + 1})
        async with as_away():
            exchange = await (await self._line.channel()).get_exchange(name, ensure=False)
            await exchange.publish(letter, queue, mandatory=True, timeout=PUBLISH_S)

    async def depths(self) -> Depths:
        """Asked by declaring passively; how many are unacknowledged only the management plug-in knows."""
        async with as_away():
            channel = await self._asking.channel()
            queues = {}
            for queue in self.topology.queues:
                ready, consumers = await self._count(channel, queue.name)
                queues[queue.name] = Depth(ready, consumers)
            later = [(await self._count(channel, self.topology.waiting(each)))[0] for each in self.topology.delays_s]
            return Depths(queues, sum(later), (await self._count(channel, self.topology.dead))[0])

    async def _count(self, channel: AbstractChannel, queue: str) -> tuple[int, int]:
        found = (await channel.declare_queue(queue, passive=True, timeout=PUBLISH_S)).declaration_result
        return found.message_count or 0, found.consumer_count or 0

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """Taken out, read, and put back by hanging up."""
        return await list_dead(self.connect, self.topology.dead, limit)

    async def replay(self, ids: Sequence[str] | None, limit: int) -> int:
        """Each is in its queue before it leaves the dead."""
        return await replay_dead(self.connect, self.topology.dead, ids, limit)
