"""One MongoDB transaction, bounded in time and tried again where MongoDB says that this helps."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo.errors import DuplicateKeyError

from infra.clients import Database

Answer = TypeVar("Answer")
Session = AsyncIOMotorClientSession
TRANSACTION_S = 8.0


class TooSlow(Exception):
    """The transaction was not committed in time; it was taken back, or MongoDB does so."""


class Doubled(Exception):
    """Something that may stand once stands already."""


async def transact(db: Database, write: Callable[[Session], Coroutine[Any, Any, Answer]]) -> Answer:
    """Run `write` in a transaction. It may run more than once; what it raises takes everything back.

    Raises TooSlow when time is up, and Doubled when a unique key is still taken at the second try: at the first, two
    processes may have begun the same document at once.
    """
    try:
        async with asyncio.timeout(TRANSACTION_S):
            try:
                return await _once(db, write)
            except DuplicateKeyError:
                return await _once(db, write)
    except DuplicateKeyError as error:
        raise Doubled(str(error)) from error
    except TimeoutError as error:
        raise TooSlow(f"no commit within {TRANSACTION_S:.0f} s") from error


async def _once(db: Database, write: Callable[[Session], Coroutine[Any, Any, Answer]]) -> Answer:
    async with await db.client.start_session() as session:
        answer: Answer = await session.with_transaction(write, max_commit_time_ms=int(TRANSACTION_S * 1000))
        return answer
