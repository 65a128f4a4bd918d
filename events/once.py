"""Exactly once: a consumer's effect and the mark that it is done are committed in one transaction, or neither is.

Collection `events_done`: {_id: "event id:consumer", at}, kept for KEPT_S. An event may be delivered twice, late, or to
two processes at the same time: the second commit finds the first one's mark and takes everything back.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern

Session = AsyncIOMotorClientSession
KEPT_S = 90 * 86_400  # longer than anybody waits before replaying a dead event
RETRY_WITHIN_S = 0.02
After = Callable[[], Awaitable[object]]
Effect = Callable[[Session], Awaitable[After | None]]


class _DoneBefore(Exception):
    """Somebody else has committed the same effect."""


class Once:
    """The marks."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self.db = db
        self.marks = db.get_collection("events_done")

    async def ensure_indexes(self) -> None:
        """Make the collection and its index; harmless when they stand."""
        await self.marks.create_index("at", expireAfterSeconds=KEPT_S)

    async def is_done(self, event_id: str, consumer: str) -> bool:
        """Whether this consumer's effect of this event is committed."""
        return await self.marks.find_one({"_id": f"{event_id}:{consumer}"}, {"_id": 1}) is not None

    async def apply(self, event_id: str, consumer: str, effect: Effect) -> bool:
        """Run the effect in a transaction, unless it was committed before; whether it was run.

        The transaction begins with the effect's first read or write, and runs again when others got in its way. What
        the effect returns is called after the commit, and not at all if we die in between: it may only speed things up.
        """
        if await self.is_done(event_id, consumer):
            return False
        async with await self.db.client.start_session() as session:
            while True:
                try:
                    async with session.start_transaction(write_concern=WriteConcern("majority")):
                        after = await effect(session)
                        await self._mark(event_id, consumer, session)
                    break
                except _DoneBefore:
                    return False
                except PyMongoError as error:
                    if not error.has_error_label("TransientTransactionError"):
                        raise
                await asyncio.sleep(random.uniform(0, RETRY_WITHIN_S))  # noqa: S311 - jitter
        if after is not None:
            await after()
        return True

    async def _mark(self, event_id: str, consumer: str, session: Session) -> None:
        try:
            row = {"_id": f"{event_id}:{consumer}", "at": datetime.now(UTC)}
            await self.marks.insert_one(row, session=session)
        except DuplicateKeyError as error:
            raise _DoneBefore from error
