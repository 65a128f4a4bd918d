"""The dead letters in RabbitMQ: looked at by taking them out and hanging up, replayed by publishing them anew."""

from collections.abc import AsyncIterator, Sequence

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import PublishError

from events.amqp import letters
from events.amqp.line import Connect, fresh_channel
from events.transport import DeadLetter

log = structlog.get_logger(__name__)
ASK_S = 5.0


async def list_dead(connect: Connect, name: str, limit: int) -> list[DeadLetter]:
    """At most `limit` of them, oldest first."""
    async with fresh_channel(connect) as channel:
        return [letters.read_dead(message) async for message in _those_there(channel, name, limit)]


async def replay_dead(connect: Connect, name: str, ids: Sequence[str] | None, limit: int) -> int:
    """Those named go back to the queue they died in; one whose queue is gone stays."""
    wanted = None if ids is None else set(ids)
    replayed = 0
    async with fresh_channel(connect) as channel:
        async for message in _those_there(channel, name, limit):
            if wanted is not None and letters.name_of(message) not in wanted:
                continue
            try:
                await channel.default_exchange.publish(
                    letters.again(message, {}), letters.queue_of(message), mandatory=True, timeout=ASK_S
                )
            except PublishError:
                log.warning("a dead event's queue is gone", letter=letters.name_of(message))
                continue
            await message.ack()
            replayed += 1
    return replayed


async def _those_there(channel: AbstractChannel, name: str, limit: int) -> AsyncIterator[AbstractIncomingMessage]:
    """Those that are there now: what dies meanwhile is not among them."""
    queue = await channel.declare_queue(name, passive=True, timeout=ASK_S)
    for _ in range(min(limit, queue.declaration_result.message_count or 0)):
        message = await queue.get(no_ack=False, fail=False, timeout=ASK_S)
        if message is None:
            return
        yield message
