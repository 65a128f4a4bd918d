"""What this process has claimed and has in hand: its own as long as it lives, and soon anybody's once it is dead.

A claim ends LEASE_MS after it was made or renewed, by MongoDB's clock (leases.py). `run` renews
what is in hand. When a claim ends is known here too, a little early, as it counts from before MongoDB was asked: from
then on nothing is sent for it, and what is on its way is broken off before anybody else may begin.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from notifications.store import Row, Unanswered

LEASE_MS, RENEW_EVERY_S, EARLY_S = 8_000, 2.0, 0.25
NOTE_AGAIN_S, NOTE_WITHIN_S = 0.1, 60.0
AWAY: Final = (Unanswered, OSError, TimeoutError)
Name = tuple[str, str]
Claim = Callable[[int, str], Awaitable[list[Row]]]
Renew = Callable[[Sequence[Row], int], Awaitable[list[Row]]]
logger = structlog.get_logger(__name__)


class Lost(Exception):
    """The claim has ended: whatever it was for may be somebody else's by now."""


class Claims:
    """`renew` is handed rows and a lease in ms, and returns those that are still ours; `run` must be running."""

    def __init__(self, renew: Renew, *, lease_ms: int = LEASE_MS, renew_every_s: float = RENEW_EVERY_S) -> None:
        self._renew, self._lease_ms, self._renew_every_s = renew, lease_ms, renew_every_s
        self._rows: dict[Name, Row] = {}
        self._ends_s: dict[Name, float] = {}
        self._limits: dict[Name, asyncio.Timeout] = {}

    def __len__(self) -> int:
        return len(self._rows)

    async def take(self, claim: Claim) -> list[Row]:
        """What `claim` gets for a lease in ms and a token; in hand until it is dropped. None while MongoDB is away."""
        ends_s = self._end_s()
        try:
            rows = await claim(self._lease_ms, uuid.uuid4().hex)
        except AWAY as error:
            logger.warning("nothing can be claimed", error=repr(error))
            return []
        for row in rows:
            self._rows[_name(row)], self._ends_s[_name(row)] = row, ends_s
        return rows

    def drop(self, row: Row) -> None:
        """It is out of our hands."""
        for kept in (self._rows, self._ends_s):
            kept.pop(_name(row), None)

    @asynccontextmanager
    async def hold(self, row: Row) -> AsyncIterator[None]:
        """Inside, the claim is ours. Raises Lost when it is not, and breaks off what is inside when it ends."""
        name = _name(row)
        if time.monotonic() >= self._ends_s[name]:
            raise Lost(f"the claim on {name[0]} has ended")
        limit = asyncio.timeout_at(self._ends_s[name])
        try:
            async with limit:
                self._limits[name] = limit
                yield
        except TimeoutError as error:
            if limit.expired():
                raise Lost(f"the claim on {name[0]} ended while it was used") from error
            raise
        finally:
            self._limits.pop(name, None)

    async def note(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what was done, again while MongoDB is away: what nobody notes is done twice. Raises its last error."""
        until_s = time.monotonic() + NOTE_WITHIN_S
        while True:
            try:
                return await write()
            except AWAY:
                if time.monotonic() >= until_s:
                    raise
            await asyncio.sleep(NOTE_AGAIN_S)

    async def run(self) -> None:
        """Renew what is in hand, for ever."""
        while True:
            await asyncio.sleep(self._renew_every_s)
            if rows := list(self._rows.values()):
                await self._renew_all(rows)

    async def _renew_all(self, rows: Sequence[Row]) -> None:
        ends_s = self._end_s()
        try:
            ours = await self._renew(rows, self._lease_ms)
        except AWAY as error:
            logger.warning("claims cannot be renewed", claims=len(rows), error=repr(error))
            return
        for name in map(_name, ours):
            if name in self._ends_s:
                self._ends_s[name] = ends_s
            if name in self._limits and not self._limits[name].expired():
                self._limits[name].reschedule(ends_s)

    def _end_s(self) -> float:
        return time.monotonic() + self._lease_ms / 1000 - EARLY_S


def _name(row: Row) -> Name:
    """The same row claimed anew is another claim."""
    return row["_id"], row["claim"]
