"""Receipts: who has got and read messages up to which number. Marks wait a moment, are merged, and written together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import structlog

from chat.copies import MarkCopies
from chat.room import Person
from chat.store import ChatStore, Unstored
from chat.unread import Counts, Mark
from live.meters import Meters
from live.together import Together

FLOOR_S, RETRY_S = 0.05, 1.0
MOST_WAITING = 20_000
logger = structlog.get_logger(__name__)


class Marked(NamedTuple):
    """A mark that was stored, and the room's counts as whoever set it saw them."""

    room: str
    person: Person
    mark: Mark
    counts: Counts


Told = Callable[[Sequence[Marked]], Awaitable[None]]


class Marks:
    """`run` must be running for marks to be stored; `told` hears of those that were."""

    def __init__(
        self, store: ChatStore, copies: MarkCopies, meters: Meters, now_ms: Callable[[], int], told: Told
    ) -> None:
        self._store, self._copies, self._meters, self._now_ms, self._told = store, copies, meters, now_ms, told
        self._believed = Together(copies.read)
        self._waiting: dict[tuple[str, str], Marked] = {}
        self._awake = asyncio.Event()

    async def of(self, room: str) -> dict[str, Mark]:
        """Everybody's mark in a room; raises Unstored."""
        known = await self._believed.ask(room)
        return known if known is not None else (await self.of_many([room]))[room]

    async def of_many(self, rooms: Sequence[str]) -> dict[str, dict[str, Mark]]:
        """The same for many rooms; raises Unstored."""
        known = await self._copies.read(rooms)
        for room in rooms:
            if room not in known:
                self._meters.reads["marks from mongodb"] += 1
                known[room] = await self._store.marks(room)
                await self._copies.fill(room, known[room], self._now_ms())
        return known

    def move(self, room: str, person: Person, delivered: int, read: int, counts: Counts) -> None:
        """Move somebody's mark forward, soon. Too many that wait are dropped: the next mark says more anyway."""
        key = (room, person.sub)
        before = self._waiting.get(key)
        if before is None and len(self._waiting) >= MOST_WAITING:
            return
        mark = Mark(delivered, read)
        if before is not None:
            mark = mark.with_(before.mark)
            counts = max(counts, before.counts, key=lambda each: each.number)
        self._waiting[key] = Marked(room, person, mark, counts)
        self._awake.set()

    async def move_now(self, room: str, person: Person, delivered: int, read: int, counts: Counts) -> Mark:
        """Move the mark, and return where it is once that is stored; raises Unstored."""
        return (await self._write([Marked(room, person, Mark(delivered, read), counts)]))[0].mark

    async def run(self) -> None:
        """Write marks for ever."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            waiting, self._waiting = list(self._waiting.values()), {}
            try:
                await self._write(waiting)
                await asyncio.sleep(FLOOR_S)
            except Unstored as error:
                logger.warning("marks could not be stored", marks=len(waiting), error=str(error))
                for each in waiting:
                    self.move(each.room, each.person, each.mark.delivered, each.mark.read, each.counts)
                await asyncio.sleep(RETRY_S)

    async def _write(self, waiting: Sequence[Marked]) -> list[Marked]:
        """Store them and tell where the marks are now: one may move one of its halves and ask less of the other."""
        if not waiting:
            return []
        whole = [each._replace(mark=await self._with_own(each)) for each in waiting]
        rooms = sorted({each.room for each in whole})
        await self._copies.begin(rooms, self._now_ms())
        await self._store.raise_marks({(each.room, each.person.sub): each.mark for each in whole})
        stored = await self._store.marks_at([(each.room, each.person.sub) for each in whole])
        whole = [each._replace(mark=each.mark.with_(stored[each.room, each.person.sub])) for each in whole]
        await self._copies.finish(
            {room: {each.person.sub: each.mark for each in whole if each.room == room} for room in rooms}
        )
        await self._told(whole)
        return whole

    async def _with_own(self, each: Marked) -> Mark:
        """How many quiet messages lie under the mark: all of them when it is at the newest message."""
        mark, counts = each.mark, each.counts
        if mark.read >= counts.number:
            own = counts.quiet(each.person.key)
        elif not mark.read or not counts.quiet(each.person.key):
            own = 0
        else:
            own = await self._store.quiet_up_to(each.room, each.person.key, mark.read)
        return Mark(mark.delivered, mark.read, own)
