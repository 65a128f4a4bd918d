"""Opened connections to Redis and MongoDB, each an async context manager with every wait bounded."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import hiredis
import redis.asyncio as aioredis
from bson.codec_options import TypeDecoder, TypeRegistry
from bson.int64 import Int64
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, WriteConcernError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisLate

if TYPE_CHECKING:
    from aio_pika.abc import AbstractConnection

MOST_REDIS_CONNECTIONS = 64
RABBITMQ_HEARTBEAT_S = 15
Database = AsyncIOMotorDatabase[dict[str, Any]]
# What the clients raise when a server is away or late, as against when it was asked something wrong.
UNREACHABLE: tuple[type[Exception], ...] = (
    ConnectionFailure, ExecutionTimeout, WriteConcernError, RedisGone, RedisLate,
)


class PackingConnection(aioredis.Connection):
    """Packs commands in C. redis-py's asyncio connection does it in Python: 7 us a moved rider against 1.4."""

    def pack_command(self, *args: Any) -> list[bytes]:
        """One command as bytes; a name of two words counts as two arguments."""
        words = tuple(args[0].split()) if isinstance(args[0], str) and " " in args[0] else args[:1]
        return [hiredis.pack_command((*words, *args[1:]))]


@asynccontextmanager
async def open_redis(url: str, *, timeout_s: float = 2.0) -> AsyncIterator[aioredis.Redis]:
    """A pooled Redis client answering raw bytes. It never retries: the caller knows whether twice is harmless.

    A burst of more calls than MOST_REDIS_CONNECTIONS waits for its turn, at most timeout_s, instead of failing at once.
    """
    pool = aioredis.BlockingConnectionPool.from_url(
        url, connection_class=PackingConnection, max_connections=MOST_REDIS_CONNECTIONS, timeout=timeout_s,
        socket_timeout=timeout_s, socket_connect_timeout=timeout_s, health_check_interval=15,
        retry=Retry(NoBackoff(), 0),
    )
    client = aioredis.Redis.from_pool(pool)
    try:
        yield client
    finally:
        await client.aclose()


async def connect_rabbitmq(urls: Sequence[str], *, timeout_s: float = 5.0) -> "AbstractConnection":
    """A connection to the first of the brokers that takes one; raises ConnectionError when none does.

    It does not reconnect: whoever holds it knows what must be declared and consumed again.
    """
    import aio_pika  # slow to import, and needed only where a broker is set
    from yarl import URL

    reasons = []
    for url in urls:
        try:
            async with asyncio.timeout(timeout_s):
                return await aio_pika.connect(URL(url.strip()).update_query(heartbeat=RABBITMQ_HEARTBEAT_S))
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
            reasons.append(str(error) or type(error).__name__)
    raise ConnectionError(f"none of {len(urls)} RabbitMQ brokers took a connection: {'; '.join(reasons)}")


async def greet_rabbitmq(urls: Sequence[str], *, timeout_s: float = 1.5) -> None:
    """A handshake with the first of the brokers that takes one; raises OSError when none does."""
    connection = await connect_rabbitmq(urls, timeout_s=timeout_s)
    async with asyncio.timeout(timeout_s):
        await connection.close()


class PlainInt(TypeDecoder):
    """A 64-bit number as Python's int: bson's own class for it goes into no other encoder."""

    bson_type = Int64

    def transform_bson(self, value: Int64) -> int:
        """The same number."""
        return int(value)


@asynccontextmanager
async def open_mongo(url: str, name: str, *, timeout_ms: int = 5000) -> AsyncIterator[Database]:
    """The database, reading and writing with majority."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        url, serverSelectionTimeoutMS=timeout_ms, connectTimeoutMS=timeout_ms, socketTimeoutMS=4 * timeout_ms,
        tz_aware=True, type_registry=TypeRegistry([PlainInt()]),
    )
    try:
        yield client.get_database(
            name, write_concern=WriteConcern("majority", wtimeout=timeout_ms), read_concern=ReadConcern("majority")
        )
    finally:
        client.close()
