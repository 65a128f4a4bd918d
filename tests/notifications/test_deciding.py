"""Who confirmed nothing is interrupted once, by the first way that works, whoever decides and whoever dies."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from infra.clients import Database
from notifications.about import OrderNews, about_order
from notifications.book import Book, Contact
from notifications.claims import Claims
from notifications.decider import Decider
from notifications.desk import NoticeDesk
from notifications.due import Due
from notifications.notice import Notice
from notifications.preferences import Preferences
from notifications.ways.gate import Gate
from notifications.ways.outcome import Gone, Refused
from tests.ending import cancelled
from tests.notifications.outside import Browser
from tests.waiting import until

Decision = Callable[[str], Awaitable[str]]


class Pigeon:
    """A way out that notes what it carried, and fails as it is told to."""

    def __init__(self) -> None:
        self.gate = Gate("pigeon", timeout_s=5, per_s=10_000)
        self.carried: list[tuple[str, Any]] = []
        self.failures: list[Exception] = []
        self.may_fly = asyncio.Event()
        self.may_fly.set()

    async def send(self, notice: Notice, to: Any) -> None:
        if self.failures:
            raise self.failures.pop(0)
        await self.may_fly.wait()
        self.carried.append((notice.id, to))


class Post:
    """A worker that decides, with pigeons for ways."""

    def __init__(self, database: Database, book: Book, claims: Claims | None = None) -> None:
        self.push, self.email, self.sms = Pigeon(), Pigeon(), Pigeon()
        self.holds = True
        ways: dict[Any, Any] = {"push": self.push, "email": self.email, "sms": self.sms}
        self.decider = Decider(Due(database), book, ways, self.is_true, claims)

    async def is_true(self, notice: Notice) -> bool:
        return self.holds


@pytest.fixture
def post(database: Database, book: Book) -> Post:
    """A worker's ways and its decider."""
    return Post(database, book)


@asynccontextmanager
async def deciding(*posts: Post) -> AsyncIterator[None]:
    """Workers decide until the block ends."""
    tasks = [asyncio.create_task(post.decider.run()) for post in posts]
    try:
        yield
    finally:
        await cancelled(*tasks)


def notice(**fields: Any) -> Notice:
    """Something that happened; it is due at once, see the desk of these tests."""
    now_ms = time.time_ns() // 1_000_000
    base = Notice(
        id=f"n{uuid.uuid4().hex[:24]}", user="c1", role="customer", kind="order.arriving", title="t", body="b", data={},
        priority="high", created_ms=now_ms, expires_ms=now_ms + 600_000, fallback=("push", "sms"),
    )
    return msgspec.structs.replace(base, **fields)


async def with_browser(book: Book, user: str = "c1") -> str:
    """Let a browser of the person get pushes."""
    given = Browser().subscription(f"https://push.example/{uuid.uuid4().hex}")
    return (await book.subscribe(user, given["endpoint"], **given["keys"])).id


async def test_the_first_way_that_is_open_is_taken_once(
    desk: NoticeDesk, book: Book, post: Post, decision_of: Decision
) -> None:
    """Push before SMS; without a browser SMS; without both nobody is reached, and that is said."""
    await with_browser(book)
    await book.put_contact("c1", Contact(phone="+1"))
    await book.put_contact("c2", Contact(phone="+2"))
    told = [notice(), notice(user="c2"), notice(user="c3")]
    await desk.tell(told)
    async with deciding(post):
        decisions = [await until(lambda each=each: decision_of(each.id)) for each in told]
    assert ["push", "sms", "unreachable"] == decisions
    assert ([told[0].id], [(told[1].id, "+2")]) == ([id_ for id_, _ in post.push.carried], post.sms.carried)


@pytest.mark.parametrize(("state", "decision"), [("delivered", "in_app"), ("read", "read"), ("dismissed", "dismissed")])
async def test_a_device_that_confirms_keeps_the_other_ways_shut(
    desk: NoticeDesk, book: Book, post: Post, decision_of: Decision, state: Any, decision: str
) -> None:
    """Whatever it says."""
    await with_browser(book)
    told, other = notice(), notice()
    await desk.tell([told, other])
    await desk.acknowledge("c1", "customer", [told.id], state)
    async with deciding(post):
        await until(lambda: decision_of(other.id))
    assert (decision, [other.id]) == (await decision_of(told.id), [id_ for id_, _ in post.push.carried])


async def test_of_many_workers_one_interrupts(
    desk: NoticeDesk, book: Book, database: Database, decision_of: Decision
) -> None:
    """Four workers look at the same time: each notification goes out once."""
    await with_browser(book)
    told = [notice() for _ in range(60)]
    await desk.tell(told)
    posts = [Post(database, book) for _ in range(4)]
    async with deciding(*posts):
        for each in told:
            await until(lambda each=each: decision_of(each.id))
    assert sorted(each.id for each in told) == sorted(id_ for post in posts for id_, _ in post.push.carried)


async def test_a_worker_that_died_with_a_claim_is_replaced(
    desk: NoticeDesk, book: Book, post: Post, database: Database, decision_of: Decision
) -> None:
    """What it had claimed is due again when the claim runs out, and nothing is decided before."""
    await with_browser(book)
    told = notice()
    await desk.tell([told])
    claimed = await Due(database).claim(time.time_ns() // 1_000_000, 10, 700, "the dead one's")
    assert [told.id] == [row["_id"] for row in claimed]
    for ahead_ms in (0, 60_000):  # also by a clock that is a minute ahead
        assert [] == await Due(database).claim(time.time_ns() // 1_000_000 + ahead_ms, 10, 700, "another's")
    async with deciding(post):
        assert "push" == await until(lambda: decision_of(told.id))
    await Due(database).settle(claimed[0], "too late", 0)
    assert "push" == await decision_of(told.id)


async def test_what_takes_longer_than_a_claim_stays_with_whoever_lives(
    desk: NoticeDesk, book: Book, database: Database, decision_of: Decision
) -> None:
    """A living worker renews: while its push hangs for several leases, another worker gets nothing of it."""
    await with_browser(book)
    slow, other = (
        Post(database, book, Claims(Due(database).renew, lease_ms=1000, renew_every_s=0.1)) for _ in range(2)
    )
    slow.push.may_fly.clear()
    told = notice()
    await desk.tell([told])
    async with deciding(slow):
        first = await until(lambda: database.notifications.find_one({"_id": told.id, "claim": {"$exists": True}}))
        async with deciding(other):
            long_after = {"_id": told.id, "due_ms": {"$gt": first["due_ms"] + 2000}}
            row = await until(lambda: database.notifications.find_one(long_after))
            assert (first["claim"], "pending") == (row["claim"], row["decision"])
            slow.push.may_fly.set()
            assert "push" == await until(lambda: decision_of(told.id))
    assert ([told.id], []) == ([id_ for id_, _ in slow.push.carried], other.push.carried)


async def test_a_way_that_fails_is_tried_again_and_then_left_for_the_next(
    desk: NoticeDesk, book: Book, post: Post, database: Database, decision_of: Decision
) -> None:
    """Refused for good: at once the next; three times in vain: the next too; a dead browser is forgotten."""
    await with_browser(book)
    await book.put_contact("c1", Contact(phone="+1"))
    post.push.failures = [Refused("no")]
    refused = notice()
    await desk.tell([refused])
    async with deciding(post):
        assert "sms" == await until(lambda: decision_of(refused.id))
        post.push.failures = [ConnectionError("away")] * 3
        failing = notice()
        await desk.tell([failing])
        for tries in (1, 2):  # no need to wait the seconds between
            await until(lambda tries=tries: database.notifications.find_one({"_id": failing.id, "tries": tries}))
            await database.notifications.update_one({"_id": failing.id}, {"$set": {"due_ms": 0}})
        assert "sms" == await until(lambda: decision_of(failing.id))
        post.push.failures = [Gone("410")]
        gone = notice()
        await desk.tell([gone])
        assert "sms" == await until(lambda: decision_of(gone.id))
    assert [] == await book.subscriptions("c1")


async def test_an_older_one_of_a_subject_that_waits_goes_nowhere(
    desk: NoticeDesk, book: Book, post: Post, decision_of: Decision
) -> None:
    """Three steps at once make one interruption: the newest; the record of the first is sent all the same."""
    await with_browser(book)
    await book.put_contact("c1", Contact(email="c1@example.com"))
    now_ms = time.time_ns() // 1_000_000
    told = []
    for rev, (event, status) in enumerate((
        ("order.placed", "order_placed"), ("order.accepted", "accepted"), ("order.picked_up", "picked_up"),
    ), 1):
        news = OrderNews(event=event, order="o1", rev=rev, status=status, customer="c1")
        told += about_order(news, now_ms)
    await desk.tell(told)
    async with deciding(post):
        decisions = [await until(lambda each=each: decision_of(each.id)) for each in told]
    assert ["superseded", "superseded", "push"] == decisions
    assert ([told[2].id], [(told[0].id, "c1@example.com")]) == (
        [id_ for id_, _ in post.push.carried], post.email.carried
    )


async def test_what_no_longer_holds_is_not_sent(
    desk: NoticeDesk, book: Book, post: Post, decision_of: Decision
) -> None:
    """Asked just before it would be: a delivered order makes nobody's telephone say "arriving"."""
    await with_browser(book)
    post.holds = False
    told = notice()
    await desk.tell([told])
    async with deciding(post):
        assert "outdated" == await until(lambda: decision_of(told.id))
    assert [] == post.push.carried


async def test_quiet_hours_put_off_and_critical_comes_through(
    desk: NoticeDesk, book: Book, post: Post, database: Database, decision_of: Decision
) -> None:
    """A normal one waits for the morning it can still see; a critical one is sent now."""
    await with_browser(book)
    around = msgspec.convert({"quiet": {"start": "00:00", "end": "23:59"}}, Preferences)
    if time.gmtime().tm_hour == 23:  # the hour in which that would be over too soon
        around = msgspec.convert({"quiet": {"start": "12:00", "end": "11:59"}}, Preferences)
    await desk.store.put_preferences("c1", around)
    later_ms = time.time_ns() // 1_000_000 + 2 * 86_400_000
    normal, critical = notice(expires_ms=later_ms), notice(priority="critical")
    await desk.tell([normal, critical])
    async with deciding(post):
        assert "push" == await until(lambda: decision_of(critical.id))
        put_off = {"_id": normal.id, "due_ms": {"$gt": later_ms - 2 * 86_400_000 + 120_000}}
        row = await until(lambda: database.notifications.find_one(put_off))
    assert ("pending", [critical.id]) == (row["decision"], [id_ for id_, _ in post.push.carried])
