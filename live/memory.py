"""What a process remembers of a channel that somebody watches here: the last items, whole from one offset on."""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from live.own import blanked, voided
from live.recent import Window

REMEMBERED_ITEMS, FIRST_ITEMS = 300, 50


class Recent(NamedTuple):
    """What a watched channel's end looks like: `last` is the offset delivered last, `items` those just before it."""

    epoch: str
    last: int
    items: list[dict[str, Any]]


class Watched:
    """A locally watched channel: `last` is the offset delivered last, None until the channel's head was read.

    `recent` holds the last items in memory, whole from offset `since` on, so that newcomers need not ask the database.
    """

    __slots__ = ("early", "epoch", "failures", "last", "leave", "opening", "recent", "since", "watchers")

    def __init__(self, leave: Callable[[], None]) -> None:
        self.watchers = 0
        self.leave = leave
        self.last: int | None = None
        self.early: dict[int, dict[str, Any]] = {}
        self.failures = 0
        self.epoch = ""
        self.since = 1
        self.recent: deque[dict[str, Any]] | tuple[()] = ()  # most people's own logs are empty: a deque takes 624 bytes
        self.opening: asyncio.Lock | None = asyncio.Lock()  # until it has begun

    def begin(self, window: Window) -> None:
        """Start from the channel's end."""
        self.epoch, self.since, self.last, self.opening = window.epoch, window.since, window.last, None
        self.recent = deque(window.items) if window.items else ()

    def remember(self, item: dict[str, Any]) -> None:
        """Keep one more item, and no more than REMEMBERED_ITEMS. What it takes back is blank from now on."""
        recent = deque(self.recent) if isinstance(self.recent, tuple) else self.recent
        recent.append(item)
        if voids := set(voided(item)):
            recent = deque(blanked(each) if each["offset"] in voids else each for each in recent)
        if len(recent) > REMEMBERED_ITEMS:
            recent.popleft()
            self.since = recent[0]["offset"]
        self.recent = recent

    def end(self, after: int | None) -> Recent | None:
        """The items after an offset, or the newest FIRST_ITEMS; None when memory does not reach so far."""
        if self.last is None:
            return None
        first = max(1, self.last - FIRST_ITEMS + 1) if after is None else after + 1
        if first < self.since or first > self.last + 1:
            return None
        skipped = max(0, len(self.recent) - (self.last - first + 1))
        return Recent(self.epoch, self.last, list(islice(self.recent, skipped, None)))
