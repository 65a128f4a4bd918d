"""A channel that is open when it is asked for: opened then, declared upon, and thrown away after any doubt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError

from events.amqp.standing import declare
from events.topology import Topology
from events.transport import Away

Connect = Callable[[], Awaitable[AbstractConnection]]
OPEN_S, CLOSE_S = 10.0, 2.0
TROUBLE: tuple[type[Exception], ...] = (AMQPError, OSError, TimeoutError, RuntimeError)


async def hang_up(connection: AbstractConnection) -> None:
    """Close it, and do not wait long for a broker that is gone."""
    with suppress(*TROUBLE):
        async with asyncio.timeout(CLOSE_S):
            await connection.close()


@asynccontextmanager
async def as_away() -> AsyncIterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except TROUBLE as error:
        raise Away(f"RabbitMQ: {type(error).__name__}: {error}") from error


class Line:
    """One connection with one confirming channel, for those who publish and ask."""

    def __init__(self, connect: Connect, topology: Topology) -> None:
        self._connect, self._topology = connect, topology
        self._turn = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None

    async def channel(self) -> AbstractChannel:
        """The open channel; on a new one everything is declared first."""
        async with self._turn:
            if self._channel is None or self._channel.is_closed or self._connection is None:
                await self._hang_up()
                async with asyncio.timeout(OPEN_S):
                    self._connection = await self._connect()
                    channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                    await declare(channel, self._topology)
                self._channel = channel
            return self._channel

    async def close(self) -> None:
        """Throw it away; the next who asks gets a new one."""
        async with self._turn:
            await self._hang_up()

    async def _hang_up(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await hang_up(connection)


@asynccontextmanager
async def fresh_channel(connect: Connect) -> AsyncIterator[AbstractChannel]:
    """A connection and a channel for one errand; what was taken and not acknowledged goes back with its end."""
    async with as_away():
        async with asyncio.timeout(OPEN_S):
            connection = await connect()
        try:
            yield await connection.channel(publisher_confirms=True, on_return_raises=True)
        finally:
            await hang_up(connection)
