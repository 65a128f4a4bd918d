"""The two brokers as the contract sees them: how a transport is made, how the broker is hurt, how raw bytes get in."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import redis.asyncio as aioredis

from events.amqp.transport import AmqpTransport
from events.streams import keys
from events.streams.entries import FIELD
from events.streams.transport import StreamTransport
from events.topology import Topology
from infra.clients import connect_rabbitmq, open_redis
from infra.embedded.rabbitmq import RabbitMQ, binary
from infra.embedded.valkey import Valkey
from tests.ending import over

LEFT_BEHIND_S = 0.4


@asynccontextmanager
async def open_transport(kind: str, url: str, topology: Topology) -> AsyncIterator[AmqpTransport | StreamTransport]:
    """A transport with connections of its own."""
    if kind == "rabbitmq":
        transport = AmqpTransport(lambda: connect_rabbitmq([url]), topology)
        try:
            yield transport
        finally:
            await over(transport.close())
    else:
        async with open_redis(url, timeout_s=5) as client:
            yield StreamTransport(client, topology.exchange, topology, left_behind_s=LEFT_BEHIND_S)


class Rabbit:
    """RabbitMQ."""

    kind = "rabbitmq"

    def __init__(self, server: RabbitMQ) -> None:
        self.server, self.url = server, server.url

    async def restart(self) -> None:
        """Cleanly; durable queues stay."""
        await asyncio.to_thread(self.server.stop)
        await asyncio.to_thread(self.server.start)

    async def sound_alarm(self) -> None:
        """The memory alarm: connections that publish are blocked."""
        await self.control("set_vm_memory_high_watermark", "0.00001")

    async def end_alarm(self) -> None:
        """Back to the usual."""
        await self.control("set_vm_memory_high_watermark", "0.4")

    async def control(self, *words: str) -> None:
        """What an operator types: `rabbitmqctl …`."""
        command = [str(binary().parent / "rabbitmqctl"), *words]
        environ = {**os.environ, **self.server.process.env}
        await asyncio.to_thread(subprocess.run, command, env=environ, check=True, capture_output=True, timeout=60)

    async def post(self, topology: Topology, queue: str, body: bytes) -> None:
        """Over the default exchange."""
        async with await connect_rabbitmq([self.url]) as connection:
            channel = await connection.channel()
            await channel.default_exchange.publish(aio_pika.Message(body), queue, mandatory=True, timeout=10)

    async def forget(self, topology: Topology, queue: str) -> None:
        """Delete a queue under its consumers."""
        async with await connect_rabbitmq([self.url]) as connection:
            await (await connection.channel()).queue_delete(queue)


class Streams:
    """Valkey with streams."""

    kind = "redis"

    def __init__(self, server: Valkey) -> None:
        self.server, self.url = server, server.url

    async def restart(self) -> None:
        """Cleanly; the append-only file stays."""
        await asyncio.to_thread(self.server.stop)
        await asyncio.to_thread(self.server.start)

    async def sound_alarm(self) -> None:
        """Full: with noeviction it takes no more."""
        await self._set_memory(1)

    async def end_alarm(self) -> None:
        """As much as it likes."""
        await self._set_memory(0)

    async def _set_memory(self, most: int) -> None:
        async with aioredis.Redis.from_url(self.url) as client:
            await client.config_set("maxmemory", most)

    async def post(self, topology: Topology, queue: str, body: bytes) -> None:
        """Straight into the stream."""
        async with aioredis.Redis.from_url(self.url) as client:
            await client.xadd(keys.stream(topology.exchange, queue), {FIELD: body})

    async def forget(self, topology: Topology, queue: str) -> None:
        """Delete a stream under its consumers, and its group with it."""
        async with aioredis.Redis.from_url(self.url) as client:
            await client.delete(keys.stream(topology.exchange, queue))


def make(kind: str, directory: Path) -> Rabbit | Streams:
    """A broker of this kind, started."""
    if kind == "rabbitmq":
        return Rabbit(RabbitMQ(directory).start())
    return Streams(Valkey(directory).start())
