"""Watching channels: what `subscribed` carries and the pushes after it are contiguous, and lost rights end it."""

import asyncio
from typing import Any

import pytest

from api.socket.limits import Limits
from infra.clients import Database
from live.push import Push
from tests.api.socket.conftest import Wired
from tests.api.socket.talk import Talk, talking


@pytest.fixture
def limits() -> Limits:
    """Few subscriptions, to reach the limit."""
    return Limits(subscriptions=3)


async def write(wired: Wired, channel: str, *texts: str) -> None:
    """Append items and announce them, as a use case does."""
    for text in texts:
        item = {"type": "line", "text": text}
        await wired.feed.announce(channel, await wired.log.append(channel, item), item)


async def lines(talk: Talk, count: int) -> list[tuple[int, str]]:
    """The next log items pushed."""
    return [(item["offset"], item["text"]) for item in [await talk.next("line") for _ in range(count)]]


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
async def test_items_and_pushes_are_contiguous(wired: Wired, encoding: str) -> None:
    """A new watcher gets the newest items in `subscribed`, and every later one as a push under the channel's name."""
    await write(wired, "room:1", "a", "b")
    async with talking(wired.url, encoding) as watcher:
        await watcher.ask("auth", token="customer:c1")
        subscribed = await watcher.ask("subscribe", channel="room:1")
        assert ([1, 2], 2, False) == (
            [item["offset"] for item in subscribed["items"]], subscribed["offset"], subscribed["recovered"],
        )
        await write(wired, "room:1", "c", "d")
        assert [(3, "c"), (4, "d")] == await lines(watcher, 2)
        assert {"room:1"} == {message["channel"] for message in watcher.seen if message["type"] == "line"}


async def test_a_known_offset_recovers_exactly_the_gap(wired: Wired) -> None:
    """With epoch and offset a client gets what it missed; `recovered` says that nothing is missing."""
    await write(wired, "room:1", *"abcde")
    epoch, _ = await wired.log.head("room:1")
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        recover = {"epoch": epoch, "offset": 3}
        subscribed = await watcher.ask("subscribe", channel="room:1", recover=recover)
        assert (True, [4, 5]) == (subscribed["recovered"], [item["offset"] for item in subscribed["items"]])


@pytest.mark.parametrize("recover", [{"epoch": "another", "offset": 3}, {"epoch": None, "offset": 99}])
async def test_recovered_is_never_claimed_falsely(wired: Wired, recover: dict[str, Any]) -> None:
    """Another epoch, or an offset the log never had, recovers nothing: the newest items come instead."""
    await write(wired, "room:1", *"abcde")
    recover["epoch"] = recover["epoch"] or (await wired.log.head("room:1"))[0]
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        subscribed = await watcher.ask("subscribe", channel="room:1", recover=recover)
        assert (False, [1, 2, 3, 4, 5]) == (subscribed["recovered"], [item["offset"] for item in subscribed["items"]])


def since_subscribed(watcher: Talk) -> list[int]:
    """The offsets that the newest `subscribed` and what came behind it told, as they came."""
    newest = max(at for at, message in enumerate(watcher.seen) if message["type"] == "subscribed")
    later = [message["offset"] for message in watcher.seen[newest:] if message["type"] == "line"]
    return [item["offset"] for item in watcher.seen[newest]["items"]] + later


async def test_no_item_is_lost_or_doubled_while_subscribing(wired: Wired) -> None:
    """While somebody writes, every subscriber sees each offset once and in order."""
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        writing = asyncio.create_task(write(wired, "room:1", *map(str, range(40))))
        for _ in range(5):
            await watcher.ask("subscribe", channel="room:1")
        while 40 not in (told := since_subscribed(watcher)):
            await watcher.next("line")
        await writing
        assert list(range(1, 41)) == told


async def test_a_thousand_newcomers_do_not_ask_the_database(wired: Wired, database: Database) -> None:
    """The first watcher reads the log; those who come after it, or come back, are answered from memory."""
    await write(wired, "room:1", *"abcde")
    async with talking(wired.url) as first, talking(wired.url) as second:
        for peer in (first, second):
            await peer.ask("auth", token="customer:c1")
        begun = await first.ask("subscribe", channel="room:1")
        await write(wired, "room:1", "f")
        await database.get_collection("channel_logs").drop()
        newest = await second.ask("subscribe", channel="room:1")
        missed = await second.ask("subscribe", channel="room:1", recover={"epoch": begun["epoch"], "offset": 4})
        assert ([1, 2, 3, 4, 5, 6], False) == ([item["offset"] for item in newest["items"]], newest["recovered"])
        assert ([5, 6], True) == ([item["offset"] for item in missed["items"]], missed["recovered"])


async def test_history_pages_ascend(wired: Wired) -> None:
    """Pages before and after an offset ascend, and `more` says whether there is more in that direction."""
    await write(wired, "room:1", *"abcde")
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        refused = await watcher.ask("history", channel="room:1")
        assert ("error", "forbidden") == (refused["type"], refused["code"])
        await watcher.ask("subscribe", channel="room:1")
        pages = [
            await watcher.ask("history", channel="room:1", before=4, limit=2),
            await watcher.ask("history", channel="room:1", after=1, limit=3),
            await watcher.ask("history", channel="room:1", after=3),
        ]
        assert [([2, 3], True), ([2, 3, 4], True), ([4, 5], False)] == [
            ([item["offset"] for item in page["items"]], page["more"]) for page in pages
        ]


async def test_a_socket_watches_only_so_many_channels(wired: Wired) -> None:
    """One channel over the limit is refused; the others stay."""
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        for number in range(3):
            await watcher.ask("subscribe", channel=f"spot:{number}")
        refused = await watcher.ask("subscribe", channel="spot:3")
        assert ("error", "too_large", "channel") == (refused["type"], refused["code"], refused["field"])
        assert 3 == wired.hub.topics


@pytest.mark.parametrize(("channel", "code"), [("nowhere:1", "not_found"), ("spot:shut", "forbidden")])
async def test_a_refused_channel_is_an_error(wired: Wired, channel: str, code: str) -> None:
    """An unknown kind and a channel that is not theirs are refused and leave nothing behind."""
    wired.plain.shut.add("spot:shut")
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        assert code == (await watcher.ask("subscribe", channel=channel))["code"]
        assert 0 == wired.hub.topics


async def test_lost_rights_end_a_subscription(wired: Wired) -> None:
    """When rights are checked again and gone, the client is told why and gets nothing more."""
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        await watcher.ask("subscribe", channel="spot:1")
        wired.plain.shut.add("spot:1")
        await wired.sockets.recheck("spot:1")
        told = await watcher.next("unsubscribed")
        assert ("spot:1", "forbidden") == (told["channel"], told["code"])
        assert (0, ["spot:1"]) == (wired.hub.topics, wired.plain.left)


async def test_another_view_replaces_the_old_one(wired: Wired) -> None:
    """When the view changes, the old topic is silent and what holds in the new view is pushed at once."""
    wired.plain.views = {"view": "spot:1~full"}
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        await watcher.ask("subscribe", channel="spot:1")
        wired.plain.views = {"view": "spot:1~public"}
        wired.plain.state = {"r1": {"type": "position", "rider": "r1", "lat": 41.1, "lng": -8.6}}
        await wired.sockets.recheck("spot:1")
        assert 41.1 == (await watcher.next("position"))["lat"]
        assert (0, 1) == (wired.hub.watchers("spot:1~full"), wired.hub.watchers("spot:1~public"))


async def test_positions_never_go_back(wired: Wired) -> None:
    """A value older than the last one pushed is dropped."""
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        await watcher.ask("subscribe", channel="spot:1")
        for order in (5, 4, 5, 6):
            wired.hub.latest("spot:1", "r1", order, Push({"type": "position", "ts": order}))
            await watcher.socket.ping()
            if order in (5, 6) and order not in [message.get("ts") for message in watcher.seen]:
                await watcher.next("position")
        assert [5, 6] == [message["ts"] for message in watcher.seen if message["type"] == "position"]


async def test_a_paced_channel_sends_its_newest_value_at_most_so_often(wired: Wired) -> None:
    """With max_rate_hz values merge between sendings, and the last one always arrives."""
    async with talking(wired.url) as watcher:
        await watcher.ask("auth", token="customer:c1")
        await watcher.ask("subscribe", channel="spot:1", max_rate_hz=5)
        for order in range(1, 100):
            wired.hub.latest("spot:1", "r1", order, Push({"type": "position", "ts": order}))
            await watcher.ask("unsubscribe", channel="spot:other")
        while (await watcher.next("position"))["ts"] < 99:
            pass
        pushed = [message for message in watcher.seen if message["type"] == "position"]
        assert len(pushed) < 20
