"""The hot path's own line to Redis answers as redis-py does, and never gives one call's reply to another."""

import asyncio
from pathlib import Path

import pytest
import uvloop
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoScriptError, ResponseError
from redis.exceptions import ConnectionError as RedisGone

from infra.embedded.valkey import Valkey
from infra.hotline import open_hotline

ECHO = "return {KEYS[1], ARGV[1], tonumber(ARGV[2]), false}"


async def test_answers_equal_those_of_redis_py(valkey: Valkey, redis_client: Redis, prefix: str) -> None:
    """Bytes, numbers, nil and arrays come back alike."""
    async with open_hotline(valkey.url) as line:
        expected = await redis_client.eval(ECHO, 1, prefix, b"\xff\x00", 7)
        assert expected == await line.eval(ECHO, 1, prefix, b"\xff\x00", 7)


def test_it_works_on_the_loop_that_serves(valkey: Valkey) -> None:
    """uvloop's transports are no subclass of asyncio's."""

    async def ask() -> object:
        async with open_hotline(valkey.url) as line, asyncio.timeout(5):
            return await line.eval("return 7", 0)

    assert 7 == uvloop.run(ask())


async def test_calls_made_at_once_are_answered_each_with_its_own_reply(valkey: Valkey) -> None:
    """Replies are matched to calls by their order."""
    async with open_hotline(valkey.url) as line:
        answers = await asyncio.gather(*(line.eval("return ARGV[1]", 0, number) for number in range(500)))
    assert [str(number).encode() for number in range(500)] == answers


async def test_an_unknown_script_and_a_failing_one_raise_what_redis_py_raises(valkey: Valkey) -> None:
    """A caller that handles redis-py's errors handles these."""
    async with open_hotline(valkey.url) as line:
        with pytest.raises(NoScriptError):
            await line.evalsha("0" * 40, 0)
        with pytest.raises(ResponseError):
            await line.eval("return redis.call('NOSUCH')", 0)


async def test_a_reply_that_nobody_waits_for_goes_to_nobody(valkey: Valkey) -> None:
    """A caller that gave up leaves no reply behind for the next."""
    slow = "local stop = os.clock() + 0.15 repeat until os.clock() > stop return 'late'"
    async with open_hotline(valkey.url) as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.03):
                await line.eval(slow, 0)
        assert b"mine" == await line.eval("return ARGV[1]", 0, "mine")


async def test_it_comes_back_after_redis_was_killed(tmp_path: Path) -> None:
    """While Redis is away calls fail at once and by name; afterwards they work again."""
    server = Valkey(tmp_path).start()
    try:
        async with open_hotline(server.url) as line:
            assert b"1" == await line.eval("return '1'", 0)
            server.kill()
            with pytest.raises(RedisGone):
                await line.eval("return '1'", 0)
            server.start()
            assert b"2" == await line.eval("return '2'", 0)
    finally:
        server.stop()


async def test_password_and_database_of_the_url_are_used(tmp_path: Path) -> None:
    """A wrong password is refused by name, the right one opens the database that was named."""
    server = Valkey(tmp_path, extra=("--requirepass", "right"))
    server.process.start(lambda: "Ready to accept" in server.process.tail(200))
    try:
        address = f"127.0.0.1:{server.port}"
        async with open_hotline(f"redis://:wrong@{address}/3") as line:
            with pytest.raises(AuthenticationError):
                await line.eval("return 1", 0)
        async with open_hotline(f"redis://:right@{address}/3") as line:
            await line.eval("return redis.call('SET', KEYS[1], 'v')", 1, "k")
        async with Redis.from_url(f"redis://:right@{address}/3") as client:
            assert b"v" == await client.get("k")
    finally:
        server.stop()
