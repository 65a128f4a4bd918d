"""Which broker carries events: RabbitMQ where RABBITMQ_URL is set, Redis streams where it is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from api.bus.plugins import find
from events.plugin import Plugin, queue_for
from events.streams.transport import StreamTransport
from events.topology import QUEUES, Topology
from infra.clients import connect_rabbitmq
from infra.settings import Settings

if TYPE_CHECKING:
    from events.amqp.transport import AmqpTransport


def topology_of(settings: Settings, plugins: tuple[Plugin, ...] = ()) -> Topology:
    """Our queues, and one for each plug-in."""
    return Topology(exchange=settings.rabbitmq_exchange, queues=(*QUEUES, *(queue_for(each) for each in plugins)))


@asynccontextmanager
async def open_transport(settings: Settings, redis: Any) -> AsyncIterator["AmqpTransport | StreamTransport"]:
    """The way to the broker; it connects when it is first used. `redis` answers raw bytes and waits 4 s or more."""
    topology = topology_of(settings, find(settings.event_plugins))
    if not settings.rabbitmq_url:
        yield StreamTransport(redis, settings.key_prefix, topology)
        return
    from events.amqp.transport import AmqpTransport  # its driver is slow to import, and only for this broker

    urls = settings.rabbitmq_url.split(",")
    transport = AmqpTransport(lambda: connect_rabbitmq(urls), topology)
    try:
        yield transport
    finally:
        await transport.close()
