"""The current picture of one channel: `subscribed` state and later pushes merged into one view."""

import asyncio
from collections.abc import Callable
from typing import Any

from client.reconnect import Ridewire
from client.wire import Message, merge_key

KEPT_ITEMS = 1000


class ChannelView:
    """What a page would show. `positions` by rider, `latest` by (kind, subject), `items` the newest log items.

    `is_whole` is false once a `gap` told us of items we will not see; `refused` holds `unsubscribed` when we were
    sent out. Pure: give it messages with `apply`, in the order they came.
    """

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.state: Message = {}
        self.latest: dict[tuple[str, str], Message] = {}
        self.items: list[Message] = []
        self.epoch, self.offset, self.is_whole = "", 0, True
        self.refused: Message | None = None
        self.applied = 0

    @property
    def positions(self) -> dict[str, Message]:
        """The newest position of each rider in the channel."""
        return {subject: push for (kind, subject), push in self.latest.items() if kind == "where"}

    def apply(self, message: Message) -> None:
        """Merge one message of this channel."""
        self.applied += 1
        match message["type"]:
            case "subscribed":
                self._begin(message)
            case "gap":
                self.is_whole, self.offset = False, max(self.offset, message["to"])
            case "unsubscribed":
                self.refused = message
            case "left":
                self.latest.pop(("where", message["rider"]), None)
            case _ if "offset" in message:
                self._append(message)
            case _:
                self._replace(message)

    def _begin(self, subscribed: Message) -> None:
        """Latest values start over from `state`; the log goes on where it stood unless its epoch changed."""
        self.refused, self.state, self.latest = None, subscribed.get("state") or {}, {}
        if subscribed.get("epoch", "") != self.epoch:
            self.epoch, self.offset, self.items = subscribed.get("epoch", ""), 0, []
        for push in _pushes_in(self.state):
            self._replace({"channel": self.channel, **push})
        for item in subscribed.get("items", ()):
            self._append({"channel": self.channel, **item})

    def _append(self, item: Message) -> None:
        if item["offset"] > self.offset:
            self.offset = item["offset"]
            self.items.append(item)
            del self.items[:-KEPT_ITEMS]

    def _replace(self, push: Message) -> None:
        """The newest wins; a position with an older fix time than the one shown is not news."""
        key = merge_key(push) or ("", push["type"], "")
        elder = self.latest.get(key[1:])
        if elder is None or push.get("ts", 0) >= elder.get("ts", 0):
            self.latest[key[1:]] = push


def _pushes_in(state: Any) -> list[Message]:
    """The latest values a state carries: every map with a `type` in it, however deep in lists and maps it sits."""
    if isinstance(state, list):
        return [push for each in state for push in _pushes_in(each)]
    if not isinstance(state, dict):
        return []
    return [state] if "type" in state else [push for each in state.values() for push in _pushes_in(each)]


class Watcher:
    """Keeps the view of one channel true over reconnects. Start it inside a session: `view = await watcher.start()`."""

    def __init__(self, session: Ridewire, channel: str, *, max_rate_hz: float | None = None) -> None:
        self.session, self.max_rate_hz, self.view = session, max_rate_hz, ChannelView(channel)
        self._moved = asyncio.Event()

    async def start(self) -> ChannelView:
        """Subscribe; raises RequestRefused. The view is filled when this returns."""
        await self.session.subscribe(self.view.channel, max_rate_hz=self.max_rate_hz, handler=self._take)
        return self.view

    async def until(self, holds: Callable[[ChannelView], bool], within_s: float = 10) -> ChannelView:
        """Wait until the view is as wanted; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while not holds(self.view):
                self._moved.clear()
                await self._moved.wait()
            return self.view

    def _take(self, message: Message) -> None:
        self.view.apply(message)
        self._moved.set()
