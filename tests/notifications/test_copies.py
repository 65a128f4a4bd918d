"""The copy of what somebody has not read is believed only while nothing newer may have been stored."""

import pytest
import redis.asyncio as aioredis

from infra.embedded.ports import free_port
from notifications import copies as module
from notifications import keys
from notifications.about import OrderNews, about_order
from notifications.copies import TallyCopies
from notifications.desk import NoticeDesk
from notifications.notice import Notice
from notifications.store import Session, Tally


def news(order: str) -> list[Notice]:
    """A customer's order was accepted."""
    return about_order(OrderNews(event="order.accepted", order=order, rev=2, status="accepted", customer="c1"), 1)


async def forget(desk: NoticeDesk) -> None:
    """What MongoDB holds of people is gone, so that only a copy can know."""
    await desk.store.people.delete_many({})


async def test_a_copy_answers_once_it_was_filled_and_follows_what_is_told(desk: NoticeDesk) -> None:
    """The first question fills it; after that neither it nor what is told or read since needs MongoDB to be asked."""
    assert Tally() == await desk.tally("c1")
    told = await desk.tell(news("o1") + news("o2"))
    await desk.acknowledge("c1", "customer", [told[0].notice.id], "read")
    stored = await desk.store.tally("c1")
    await forget(desk)
    assert stored == await desk.tally("c1")
    assert 1 == stored.unread


async def test_a_writer_that_dies_leaves_no_old_copy(desk: NoticeDesk) -> None:
    """Between its commit and its word to Redis the copy is not believed: who asks gets what was committed."""
    await desk.tally("c1")

    async def write(session: Session) -> None:
        await desk.store.tell(news("o1"), session)

    await desk.store.in_transaction(write)
    assert {} == await desk.copies.read(["c1"])
    assert 1 == (await desk.tally("c1")).unread
    assert 1 == (await desk.copies.read(["c1"]))["c1"].unread


async def test_a_writer_that_gives_up_does_not_stop_the_copy_for_long(
    desk: NoticeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision that never came is forgotten."""
    await desk.copies.begin("c1", 7)
    assert Tally() == await desk.tally("c1")
    assert {} == await desk.copies.read(["c1"])
    monkeypatch.setattr(module, "WRITING_MS", 0)
    await desk.tally("c1")
    assert {"c1": Tally()} == await desk.copies.read(["c1"])


@pytest.mark.parametrize("field", ["run", "rev"])
async def test_a_copy_of_another_run_of_redis_is_not_believed(
    desk: NoticeDesk, redis_client: aioredis.Redis, prefix: str, field: str
) -> None:
    """Its last second may be missing."""
    await desk.tell(news("o1"))
    await desk.tally("c1")
    await redis_client.hset(keys.tally(prefix, "c1"), field, {"run": "another", "rev": "0"}[field])
    assert {} == await desk.copies.read(["c1"])
    assert 1 == (await desk.tally("c1")).unread


async def test_an_older_answer_never_replaces_a_newer_copy(desk: NoticeDesk) -> None:
    """A slow reader's fill comes after what was told since."""
    await desk.tally("c1")
    await desk.tell(news("o1"))
    await desk.copies.fill({"c1": Tally()})
    assert 1 == (await desk.copies.read(["c1"]))["c1"].unread


async def test_redis_away_means_asking_mongodb(desk: NoticeDesk, redis_client: aioredis.Redis, prefix: str) -> None:
    """Nothing is known then; the copy of what was told meanwhile is deleted as soon as Redis answers."""
    await desk.tally("c1")
    assert {"c1": Tally()} == await desk.copies.read(["c1"])
    async with aioredis.from_url(f"redis://127.0.0.1:{free_port()}") as nowhere:
        away = TallyCopies(nowhere, prefix)
        assert {} == await away.read(["c1"])
        await away.begin("c1", 1)
        back = TallyCopies(redis_client, prefix)
        back._behind = away._behind
    assert {} == await back.read(["c1"])
