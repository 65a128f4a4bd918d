"""Copies of marks in Redis: believed while they are surely as good as MongoDB's, and not a moment longer."""

import redis.asyncio as aioredis

from chat.copies import WRITING_MS, MarkCopies
from chat.unread import Mark
from infra.clients import open_redis
from infra.embedded.valkey import Valkey

MARKS = {"ana": Mark(5, 4, 1), "bo": Mark(2, 2, 0)}
NOW_MS = 1_000_000


async def filled(redis: aioredis.Redis, prefix: str, process: str = "p1") -> MarkCopies:
    """Copies of one room, as a reader fills them."""
    copies = MarkCopies(redis, prefix, process)
    assert {} == await copies.read(["r"])
    await copies.fill("r", MARKS, NOW_MS)
    assert {"r": MARKS} == await copies.read(["r"])
    return copies


async def test_a_copy_is_not_believed_while_somebody_writes(redis_client: aioredis.Redis, prefix: str) -> None:
    """From before MongoDB is written until the copy is as good; a writer that died is forgotten after a while."""
    reader = await filled(redis_client, prefix)
    writer = MarkCopies(redis_client, prefix, "p2")
    await writer.begin(["r"], NOW_MS)
    assert {} == await reader.read(["r"])
    await reader.fill("r", MARKS, NOW_MS + WRITING_MS - 1)
    assert {} == await reader.read(["r"])
    await writer.finish({"r": {"ana": Mark(9, 9, 2)}})
    assert {"r": MARKS | {"ana": Mark(9, 9, 2)}} == await reader.read(["r"])
    await writer.begin(["r"], NOW_MS)
    await reader.fill("r", {"ana": Mark(10, 10, 2)}, NOW_MS + WRITING_MS)
    assert Mark(10, 10, 2) == (await reader.read(["r"]))["r"]["ana"]


async def test_no_copy_outlives_the_run_of_redis_that_made_it(valkey: Valkey, prefix: str) -> None:
    """After a crash the last second may be gone without a trace, so everything is asked anew."""
    own = Valkey(valkey.directory.parent / prefix).start()
    try:
        async with open_redis(own.url) as redis:
            copies = await filled(redis, prefix)
            own.kill()
            own.start()
            for _ in range(2):  # the first finds a dead connection
                assert {} == await copies.read(["r"])
            await copies.fill("r", MARKS, NOW_MS)
            assert {"r": MARKS} == await copies.read(["r"])
    finally:
        own.stop()


async def test_what_could_not_be_held_back_is_deleted(valkey: Valkey, prefix: str) -> None:
    """A writer whom Redis did not answer takes the copies away as soon as it does, before anybody believes them."""
    async with open_redis(valkey.url) as redis, open_redis("redis://127.0.0.1:1/0", timeout_s=0.2) as nowhere:
        reader = await filled(redis, prefix)
        writer = MarkCopies(nowhere, prefix, "p2")
        await writer.begin(["r"], NOW_MS)
        writer._redis = redis
        assert {} == await writer.read(["r"])
        assert {} == await reader.read(["r"])
