"""Erasing somebody is a stored job: asked for once, it is done, whoever dies meanwhile.

Collection `erasures`: {_id: "role:sub", sub, role, email, due, passes}. Whoever takes a job pushes its `due` on by
LEASE, so that another process goes on when this one died. It is done twice: at once, and AGAIN_AFTER later for what was
still under way the first time (a batch of activity, points in the stream). The address is forgotten after the first.
While an order of theirs has not ended, the job looks again every hour.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from api.personal.shelves import Whose
from infra.clients import UNREACHABLE, Database

log = structlog.get_logger(__name__)
LEASE, AGAIN_AFTER, NEXT_TRY, WHILE_ORDERS_RUN = (timedelta(seconds=each) for each in (120, 60, 10, 3600))
LOOK_EVERY_S: Final = 5.0
Step = Callable[[Whose], Awaitable[object]]
UnderWay = Callable[[Whose], Awaitable[bool]]


class Erasures:
    """`steps` by name, in order; `under_way` says whether an order of theirs still runs."""

    def __init__(self, db: Database, steps: Mapping[str, Step], under_way: UnderWay) -> None:
        self.jobs, self.steps, self.under_way = db.erasures, steps, under_way

    async def ensure_indexes(self) -> None:
        """Make the index; harmless when it stands."""
        await self.jobs.create_index("due")

    async def ask(self, whose: Whose) -> None:
        """From now on it will be done; most of the time it is when this returns. Raises what the driver raises when it
        could not even be written down."""
        first = {"sub": whose.sub, "role": whose.role, "email": whose.email}
        await self.jobs.update_one(
            {"_id": whose.key}, {"$setOnInsert": first, "$set": {"due": now() + LEASE, "passes": 0}}, upsert=True
        )
        await self._go(whose, 0)

    async def run(self) -> None:
        """Take what is due, for as long as the process lives."""
        while True:
            try:
                while await self.take_one():
                    pass
            except UNREACHABLE as error:
                log.warning("erasing waits for a server", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def take_one(self) -> bool:
        """Do one job that is due; whether there was one."""
        due = {"due": {"$lte": now()}}
        job = await self.jobs.find_one_and_update(due, {"$set": {"due": now() + LEASE}}, sort=[("due", 1)])
        if job is None:
            return False
        await self._go(Whose(sub=job["sub"], role=job["role"], email=job.get("email", "")), job["passes"])
        return True

    async def _go(self, whose: Whose, passes: int) -> None:
        """All steps, each although another failed; then what is to be done next, and when."""
        failed = []
        for name, step in self.steps.items():
            try:
                await step(whose)
            except Exception as error:  # whatever it is, the others must go on and this one comes again
                failed.append(name)
                log.warning("a step of erasing failed", step=name, error=f"{type(error).__name__}: {error}")
        if failed:
            await self._later(whose, NEXT_TRY, {})
        elif await self.under_way(whose):
            await self._later(whose, WHILE_ORDERS_RUN, {"email": ""})
        elif passes == 0:
            await self._later(whose, AGAIN_AFTER, {"email": "", "passes": 1})
        else:
            await self.jobs.delete_one({"_id": whose.key})

    async def _later(self, whose: Whose, after: timedelta, fields: dict[str, Any]) -> None:
        await self.jobs.update_one({"_id": whose.key}, {"$set": {"due": now() + after, **fields}})


def now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)
