"""The embedded broker: real, private, with data that last, and gone without a trace when stopped."""

import asyncio
from pathlib import Path

import aio_pika
import psutil
import pytest

from infra.clients import connect_rabbitmq
from infra.embedded.ports import free_port
from infra.embedded.rabbitmq import RabbitMQ


async def told_to(broker: RabbitMQ, body: bytes) -> None:
    """A confirmed, persistent message in a durable queue."""
    async with await aio_pika.connect(broker.url, timeout=10) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.declare_queue("orders", durable=True)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        confirmed = await channel.default_exchange.publish(message, "orders", mandatory=True, timeout=10)
        assert "Basic.Ack" == type(confirmed).__qualname__


async def heard_from(broker: RabbitMQ) -> bytes:
    """The next message of that queue."""
    async with await aio_pika.connect(broker.url, timeout=10) as connection:
        queue = await (await connection.channel()).declare_queue("orders", durable=True)
        message = await queue.get(timeout=10)
        assert message is not None
        await message.ack()
        return message.body


async def test_a_confirmed_message_survives_rabbitmqs_restart_and_nothing_is_left_running(tmp_path: Path) -> None:
    """The broker keeps its data over a restart on other ports; after stop no process remains, not even epmd."""
    broker = await asyncio.to_thread(RabbitMQ(tmp_path).start)
    await told_to(broker, b"o1")
    pids = broker.process.pids()
    assert {"beam.smp", "epmd"} <= {psutil.Process(pid).name() for pid in pids}
    await asyncio.to_thread(broker.stop)
    assert [] == [pid for pid in pids if psutil.pid_exists(pid)]
    again = await asyncio.to_thread(RabbitMQ(tmp_path).start)
    try:
        assert b"o1" == await heard_from(again)
    finally:
        await asyncio.to_thread(again.stop)


async def test_the_first_broker_that_takes_a_connection_is_used(tmp_path: Path) -> None:
    """RABBITMQ_URL may name several: a dead one is passed over, and when all are dead that is said."""
    dead = f"amqp://guest:guest@127.0.0.1:{free_port()}/"
    broker = await asyncio.to_thread(RabbitMQ(tmp_path).start)
    try:
        async with await connect_rabbitmq([dead, broker.url]) as connection:
            assert not connection.is_closed
    finally:
        await asyncio.to_thread(broker.stop)
    with pytest.raises(ConnectionError, match="none of 2 RabbitMQ brokers"):
        await connect_rabbitmq([dead, broker.url])
