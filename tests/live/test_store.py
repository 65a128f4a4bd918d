"""The channel's log in a real MongoDB: offsets without holes, whoever writes at the same time."""

import asyncio

from infra.clients import Database
from infra.transactions import transact
from live.store import ChannelLog


async def test_offsets_have_no_holes_under_concurrent_writers(database: Database) -> None:
    """Twenty writers at once get 1 to 20, each once, and the items stand in that order."""
    log = ChannelLog(database)
    offsets = await asyncio.gather(*(log.append("room:1", {"writer": writer}) for writer in range(20)))
    items = await log.read("room:1")
    assert list(range(1, 21)) == sorted(offsets) == [item["offset"] for item in items]
    assert {offset: writer for writer, offset in enumerate(offsets)} == {
        item["offset"]: item["writer"] for item in items
    }


async def test_pages_ascend_from_either_side(database: Database) -> None:
    """After an offset come the next items, before one the last, without one the newest."""
    log = ChannelLog(database)
    for number in range(1, 8):
        await log.append("room:1", {"number": number})
        await log.append("room:10", {"number": -number})
    pages = [
        await log.read("room:1", after=2, limit=3),
        await log.read("room:1", before=5, limit=3),
        await log.read("room:1", limit=2),
        await log.read("room:1", after=7),
    ]
    assert [[3, 4, 5], [2, 3, 4], [6, 7], []] == [[item["number"] for item in page] for page in pages]


async def test_a_channels_epoch_stays(database: Database) -> None:
    """A channel begins when it is first asked for, keeps its epoch, and two processes agree on it."""
    heads = await asyncio.gather(*(ChannelLog(database).head("room:1") for _ in range(5)))
    log = ChannelLog(database)
    await log.append("room:1", {})
    epoch, offset = await log.head("room:1")
    assert {(epoch, 0)} == set(heads)
    assert (1, {"room:1": 1}) == (offset, await log.heads(["room:1", "room:2"]))


async def test_the_ends_of_many_channels_are_read_together(database: Database) -> None:
    """Each channel's newest items, whole up to its head; one that was never asked for begins, for everybody alike."""
    log = ChannelLog(database)
    for number in range(1, 6):
        await log.append("room:1", {"number": number})
    await log.append("room:10", {"number": 9})
    names = ["room:1", "room:10", "user:new"]
    ends, same = await asyncio.gather(log.ends(names, 3), ChannelLog(database).ends(names, 3))
    assert ends == same
    assert [(3, 5, [3, 4, 5]), (1, 1, [9]), (1, 0, [])] == [
        (end.since, end.last, [item["number"] for item in end.items]) for end in (ends[name] for name in names)
    ]
    assert [(await log.head(name))[0] for name in names] == [ends[name].epoch for name in names]


async def test_an_append_goes_with_its_transaction(database: Database) -> None:
    """An item of a transaction that is given up leaves neither an item nor an offset behind."""
    log = ChannelLog(database)
    await log.append("room:1", {"kept": True})
    async with await database.client.start_session() as session:
        session.start_transaction()
        assert 2 == await log.append("room:1", {"kept": False}, session)
        await session.abort_transaction()
    assert 1 == (await log.head("room:1"))[1]
    assert [{"kept": True, "offset": 1}] == await log.read("room:1")


async def test_items_of_many_channels_go_in_together(database: Database) -> None:
    """Each channel counts on where it was, a new one from 1, and two items of one keep their order."""
    log = ChannelLog(database)
    await log.append("ops", {"number": 0})
    items = [("order:1", {"number": 1}), ("ops", {"number": 2}), ("vendor:1", {"number": 3}), ("ops", {"number": 4})]
    async with await database.client.start_session() as session, session.start_transaction():
        assert [1, 2, 1, 3] == await log.append_all(items, session)
    assert [0, 2, 4] == [item["number"] for item in await log.read("ops")]
    assert {"order:1": 1, "ops": 3, "vendor:1": 1} == await log.heads(["order:1", "ops", "vendor:1"])


async def test_transactions_that_append_to_the_same_channels_leave_no_hole(database: Database) -> None:
    """Twenty at once, to channels that nobody has begun: whoever loses a race tries again and gets the next offset."""
    log = ChannelLog(database)
    await log.append("room:1", {})  # a transaction should not be the first to make a collection

    async def write(number: int) -> list[int]:
        return await transact(
            database, lambda session: log.append_all([("ops", {"n": number}), ("vendor:1", {"n": number})], session)
        )

    offsets = await asyncio.gather(*(write(number) for number in range(20)))
    assert [[number, number] for number in range(1, 21)] == sorted(offsets)
    for channel in ("ops", "vendor:1"):
        items = await log.read(channel, after=0)
        assert list(range(1, 21)) == [item["offset"] for item in items]
        assert {offset: number for number, (offset, _) in enumerate(offsets)} == {
            item["offset"]: item["n"] for item in items
        }
