"""What stands in the broker: derived from the topology, declared by everyone who publishes or consumes.

All queues are quorum queues, on disk before a publisher hears that they have a message. A delay is a queue whose
messages die after a fixed time into the default exchange, which takes them to the queue that their routing key names.
"""

from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel

from events.topology import Topology

DURABLE: dict[str, Any] = {"x-queue-type": "quorum"}
# Dead letters are not lost when the broker dies in between; this asks for reject-publish.
SAFELY: dict[str, Any] = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
NO_LIMIT = 1_000_000  # RabbitMQ 4 drops after 20 deliveries where no limit is said; listing the dead delivers them


def work_queue(topology: Topology) -> dict[str, Any]:
    """Arguments of a queue with consumers: a message that kills them all dies at last."""
    limit = {"x-dead-letter-exchange": topology.dead, "x-delivery-limit": topology.crashes_allowed}
    return DURABLE | SAFELY | limit


def delay_queue(delay_s: float) -> dict[str, Any]:
    """Arguments of a queue in which messages wait."""
    return DURABLE | SAFELY | {"x-message-ttl": round(delay_s * 1000), "x-dead-letter-exchange": ""}


def dead_queue() -> dict[str, Any]:
    """Arguments of the queue at the end of the road."""
    return DURABLE | {"x-delivery-limit": NO_LIMIT}


async def declare(channel: AbstractChannel, topology: Topology) -> None:
    """Make exchanges, queues and bindings."""
    events = await channel.declare_exchange(topology.exchange, aio_pika.ExchangeType.TOPIC, durable=True)
    await _pair(channel, topology.dead, dead_queue())
    for delay_s in topology.delays_s:
        await _pair(channel, topology.waiting(delay_s), delay_queue(delay_s))
    for queue in topology.queues:
        made = await channel.declare_queue(queue.name, durable=True, arguments=work_queue(topology))
        for key in queue.keys:
            await made.bind(events, key)


async def _pair(channel: AbstractChannel, name: str, arguments: dict[str, Any]) -> None:
    """A queue, and an exchange of the same name that leads only to it, whatever the routing key is."""
    exchange = await channel.declare_exchange(name, aio_pika.ExchangeType.FANOUT, durable=True)
    queue = await channel.declare_queue(name, durable=True, arguments=arguments)
    await queue.bind(exchange)
