"""One process' part in notifications, on real servers, without the service around it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import redis.asyncio as aioredis

from infra.clients import Database
from infra.embedded.valkey import Valkey
from live.feed import LogFeed
from live.hub import Hub
from live.relay import Relay
from live.store import ChannelLog
from notifications.book import Book
from notifications.copies import TallyCopies
from notifications.desk import NoticeDesk
from notifications.inbox import RiderInbox
from notifications.store import NotificationStore
from notifications.watch import NoticeWatch


@pytest.fixture
async def desk(
    database: Database, redis_client: aioredis.Redis, valkey: Valkey, prefix: str
) -> AsyncIterator[NoticeDesk]:
    """A desk whose people are connected nowhere."""
    hub, log, relay = Hub(), ChannelLog(database), Relay(valkey.url, prefix)
    copies = TallyCopies(redis_client, prefix)
    store = NotificationStore(database, log, 0, copies.begin)
    await store.ensure_indexes()
    watch, feed = NoticeWatch(hub, relay), LogFeed(hub, log, relay)
    yield NoticeDesk(store, copies, RiderInbox(redis_client, prefix), watch, feed)
    await relay.close()


@pytest.fixture
async def book(database: Database) -> Book:
    """Where people can be reached."""
    book = Book(database)
    await book.ensure_indexes()
    return book


@pytest.fixture
def decision_of(database: Database) -> Callable[[str], Awaitable[str]]:
    """What became of a notification; empty while that is open."""

    async def look(notice_id: str) -> str:
        row = await database.notifications.find_one({"_id": notice_id})
        return "" if row is None or row["decision"] == "pending" else str(row["decision"])

    return look
