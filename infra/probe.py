"""Plain facts about the servers, asked once and slowly enough to be sure: what `ridewire doctor` judges."""

import asyncio
import logging
import time
from typing import Any

import aio_pika
import msgspec
import pymongo
import redis
from pymongo.errors import PyMongoError

TIMEOUT_S = 3
# The reason is in our answer; the library would log it a second time.
logging.getLogger("aiormq").addHandler(logging.NullHandler())
logging.getLogger("aiormq").propagate = False


class Unreachable(Exception):
    """A server did not answer; the message is its reason."""


class Clock(msgspec.Struct, frozen=True):
    """How far a server's clock is ahead of ours, and by how much the asking may be wrong; seconds."""

    ahead_s: float
    unsure_s: float


class RedisFacts(msgspec.Struct, frozen=True):
    """`evicts` is its maxmemory-policy."""

    name: str
    version: str
    keeps_log: bool
    evicts: str
    clock: Clock


class MongoFacts(msgspec.Struct, frozen=True):
    """`replica_set` is empty for a standalone server."""

    version: str
    replica_set: str
    clock: Clock


def ask_redis(url: str) -> RedisFacts:
    """Raises Unreachable."""
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as client:
            info: dict[str, Any] = client.info()
            asked_s = time.time()
            seconds, micros = client.time()
    except redis.RedisError as error:
        raise Unreachable(str(error)) from error
    return RedisFacts(
        name=str(info.get("server_name", "redis")),
        version=str(info.get("valkey_version") or info.get("redis_version", "0")),
        keeps_log=bool(int(info.get("aof_enabled", 0))),
        evicts=str(info.get("maxmemory_policy", "unknown")),
        clock=_clock(float(seconds) + float(micros) / 1e6, asked_s),
    )


def ask_mongo(url: str) -> MongoFacts:
    """Raises Unreachable."""
    wait_ms = TIMEOUT_S * 1000
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
        url, serverSelectionTimeoutMS=wait_ms, connectTimeoutMS=wait_ms, tz_aware=True
    )
    with client:
        try:
            version = str(client.server_info()["version"])
            asked_s = time.time()
            hello = client.admin.command("hello")
        except PyMongoError as error:
            raise Unreachable(str(error).split(",")[0].split(" (configured")[0]) from error
    return MongoFacts(version, str(hello.get("setName", "")), _clock(hello["localTime"].timestamp(), asked_s))


def ask_rabbitmq(url: str) -> None:
    """Returns when it lets us in; raises Unreachable."""

    async def enter() -> None:
        connection = await aio_pika.connect(url, timeout=TIMEOUT_S)
        await connection.close()

    try:
        asyncio.run(enter())
    except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error


def _clock(theirs_s: float, asked_s: float) -> Clock:
    """Their clock against the middle of the asking; half of the time on the way is what we cannot know."""
    answered_s = time.time()
    return Clock(theirs_s - (asked_s + answered_s) / 2, (answered_s - asked_s) / 2)
