"""Log items reach watchers in order and without gaps, whatever pub/sub lost or reordered."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis.asyncio as aioredis

from infra.clients import Database
from infra.embedded.valkey import Valkey
from live.feed import FILLABLE_ITEMS, LogFeed
from live.hub import Hub
from live.memory import FIRST_ITEMS, REMEMBERED_ITEMS
from live.recent import News, RecentWindow
from live.relay import Relay
from live.store import ChannelLog
from tests.ending import cancelled
from tests.live.test_outbox import Reader
from tests.waiting import until


class Process:
    """One server process's part in delivery."""

    def __init__(self, database: Database, valkey: Valkey, prefix: str) -> None:
        self.hub = Hub()
        self.log = ChannelLog(database)
        self.relay = Relay(valkey.url, prefix)
        self.feed = LogFeed(self.hub, self.log, self.relay, check_every_s=0.3)
        self.reader = Reader()
        self.seen: list[int] = []

    async def watch(self, channel: str) -> None:
        """Watch as a subscription does."""
        self.hub.join(channel, self.reader.outbox, channel)
        await self.feed.watch(channel)

    async def write(self, channel: str, *, announce: bool = True) -> int:
        """Commit an item, and say so or die before saying it."""
        offset = await self.log.append(channel, {"type": "line"})
        if announce:
            await self.feed.announce(channel, offset, {"type": "line"})
        return offset

    def offsets(self) -> list[int]:
        """Every offset that reached the watcher so far, or the text `gap`."""
        self.seen += [message["offset"] for message in self.reader.drain() if message["type"] == "line"]
        return self.seen


@pytest.fixture
async def pair(database: Database, valkey: Valkey, prefix: str) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes on the same servers."""
    both = (Process(database, valkey, prefix), Process(database, valkey, prefix))
    tasks = [asyncio.create_task(work) for each in both for work in (each.relay.run(), each.feed.run())]
    yield both
    await cancelled(*tasks)


async def test_an_item_reaches_watchers_of_every_process(pair: tuple[Process, Process]) -> None:
    """What one process commits and announces, a watcher at the other sees, and its own watcher sees it once."""
    here, there = pair
    await here.watch("room:1")
    await there.watch("room:1")
    for _ in range(5):
        await here.write("room:1")
    await until(lambda: there.offsets() == [1, 2, 3, 4, 5])
    assert [1, 2, 3, 4, 5] == here.offsets()


async def test_an_item_never_announced_still_arrives(pair: tuple[Process, Process]) -> None:
    """A process that dies between commit and announcement delays the item, but loses it to nobody."""
    here, there = pair
    await there.watch("room:1")
    await here.write("room:1", announce=False)
    await until(lambda: there.offsets() == [1])


async def test_items_out_of_order_wait_for_those_before_them(pair: tuple[Process, Process]) -> None:
    """An announcement that overtakes another is delivered after it, from the log."""
    here, there = pair
    await there.watch("room:1")
    offsets = [await here.write("room:1", announce=False) for _ in range(3)]
    for offset in reversed(offsets):
        await here.feed.announce("room:1", offset, {"type": "line"})
    await until(lambda: there.offsets() == [1, 2, 3])


async def test_a_repeated_announcement_is_told_once(pair: tuple[Process, Process]) -> None:
    """Announcing twice pushes once."""
    here, _ = pair
    await here.watch("room:1")
    await here.write("room:1")
    await here.feed.announce("room:1", 1, {"type": "line"})
    await here.write("room:1")
    await until(lambda: here.offsets() == [1, 2])


async def test_too_wide_a_gap_is_said_and_passed(pair: tuple[Process, Process], database: Database) -> None:
    """More missing items than are filled become one `gap`, and the stream goes on after it."""
    here, _ = pair
    await here.watch("room:1")
    await database.get_collection("channel_heads").update_one(
        {"_id": "room:1"}, {"$set": {"offset": FILLABLE_ITEMS + 5}}
    )
    gaps: list[dict[str, object]] = []

    def look() -> bool:
        gaps.extend(message for message in here.reader.drain() if message["type"] == "gap")
        return bool(gaps)

    await until(look)
    assert (1, FILLABLE_ITEMS + 5) == (gaps[0]["from"], gaps[0]["to"])
    assert FILLABLE_ITEMS + 6 == await here.write("room:1")
    await until(lambda: here.offsets() == [FILLABLE_ITEMS + 6])


async def test_the_last_watcher_ends_the_work(pair: tuple[Process, Process]) -> None:
    """A channel nobody watches here is neither subscribed nor compared."""
    here, _ = pair
    await here.feed.watch("room:1")
    await here.feed.watch("room:1")
    here.feed.unwatch("room:1")
    assert 1 == len(here.feed._watched)
    here.feed.unwatch("room:1")
    assert (0, 0) == (len(here.feed._watched), len(here.relay._handlers))


async def test_memory_is_bounded_and_never_claims_more_than_it_has(pair: tuple[Process, Process]) -> None:
    """What is remembered is contiguous up to the last item; what lies further back is answered with None."""
    here, _ = pair
    await here.feed.watch("room:1")
    here.feed.show([News("room:1", offset, {"type": "line"}) for offset in range(1, REMEMBERED_ITEMS + 11)])
    newest = here.feed.recent("room:1")
    assert newest is not None
    assert list(range(REMEMBERED_ITEMS + 11 - FIRST_ITEMS, REMEMBERED_ITEMS + 11)) == [
        item["offset"] for item in newest.items
    ]
    reached = here.feed.recent("room:1", after=10)
    assert reached is not None
    assert REMEMBERED_ITEMS == len(reached.items)
    assert here.feed.recent("room:1", after=9) is None
    assert here.feed.recent("room:1", after=REMEMBERED_ITEMS + 11) is None
    nothing_missed = here.feed.recent("room:1", after=REMEMBERED_ITEMS + 10)
    assert nothing_missed is not None
    assert [] == nothing_missed.items


async def test_a_deep_gap_is_read_from_the_log_once(
    database: Database, valkey: Valkey, prefix: str, redis_client: aioredis.Redis
) -> None:
    """What the copy in Redis does not hold yet is copied for whoever comes next; nobody else asks the log for it."""
    log = ChannelLog(database)
    for number in range(1, FIRST_ITEMS + 21):
        await log.append("room:1", {"number": number})
    for at in range(2):
        process = Process(database, valkey, prefix)
        process.feed = LogFeed(process.hub, log, process.relay, RecentWindow(redis_client, prefix))
        await process.feed.watch("room:1")
        assert process.feed.recent("room:1", after=5) is None
        missed = await process.feed.further_back("room:1", 5)
        assert missed is not None
        assert list(range(6, FIRST_ITEMS + 21)) == [item["offset"] for item in missed.items]
        assert [2, 0][at] == process.relay.meters.reads["log from mongodb"]
