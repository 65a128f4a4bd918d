"""Decisions that are due, in the collection `notifications` that store.py describes: claimed by one, settled once."""

from collections.abc import Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from notifications import leases
from notifications.leases import OVER
from notifications.store import PENDING, Row


class Due:
    """Every write names its claim: who lost it changes nothing."""

    def __init__(self, db: AsyncIOMotorDatabase[Row]) -> None:
        self.rows = db.get_collection("notifications")

    async def claim(self, now_ms: int, limit: int, lease_ms: int, token: str) -> list[Row]:
        """Some that are due, now ours until the lease ends or is renewed."""
        return await leases.claim(self.rows, PENDING, now_ms, limit, lease_ms, token)

    async def renew(self, rows: Sequence[Row], lease_ms: int) -> list[Row]:
        """A new lease for those that are still ours; those."""
        return await leases.renew(self.rows, PENDING, rows, lease_ms)

    async def settle(self, row: Row, decision: str, decided_ms: int) -> None:
        """This became of it."""
        await self._write(row, OVER | {"$set": {"decision": decision, "decided_ms": decided_ms}})

    async def put_off(self, row: Row, due_ms: int, tries: int) -> None:
        """Look again then."""
        await self._write(row, OVER | {"$set": {"due_ms": due_ms, "tries": tries}})

    async def fail(self, row: Row, channel: str, now_ms: int) -> None:
        """This channel will not take it: look at once for another one."""
        change = {"$set": {"due_ms": now_ms, "tries": 0}, "$addToSet": {"failed": channel}}
        await self._write(row, OVER | change)

    async def note_sent(self, row: Row, channel: str) -> None:
        """A record went out."""
        await self._write(row, {"$addToSet": {"sent": channel}})

    async def records_done(self, row: Row, due_ms: int) -> None:
        """All records are sent or will never be: what is left is the interruption."""
        await self._write(row, OVER | {"$set": {"also": [], "due_ms": due_ms, "tries": 0}})

    async def _write(self, row: Row, change: dict[str, Any]) -> None:
        await self.rows.update_one({"_id": row["_id"], "claim": row["claim"]} | PENDING, change)
