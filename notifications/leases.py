"""Claims as they stand in MongoDB, in whatever collection has rows with `due_ms`: made, renewed, given back.

`claim` names who holds a row, `due_ms` when it is anybody's again, by MongoDB's clock alone: those of processes differ.
"""

from collections.abc import Sequence
from typing import Any, Final

Row = dict[str, Any]
NOW_MS: Final = {"$toLong": "$$NOW"}
IS_DUE: Final[Row] = {"$expr": {"$lte": ["$due_ms", NOW_MS]}}
OVER: Final[Row] = {"$unset": {"claim": ""}}  # or renewing would take back when a row is looked at again


async def claim(rows: Any, waiting: Row, now_ms: int, limit: int, lease_ms: int, token: str) -> list[Row]:
    """Some of a collection's `waiting` rows that are due, now ours. A process whose clock is ahead gets none sooner."""
    due = waiting | {"due_ms": {"$lte": now_ms}} | IS_DUE
    ids = [row["_id"] async for row in rows.find(due, {"_id": 1}).sort("due_ms").limit(limit)]
    if not ids:
        return []
    await rows.update_many({"_id": {"$in": ids}} | due, _leased(lease_ms, claim=token))
    return [row async for row in rows.find({"_id": {"$in": ids}, "claim": token} | waiting)]


async def renew(rows: Any, waiting: Row, held: Sequence[Row], lease_ms: int) -> list[Row]:
    """A new lease for those of the held rows that are still ours; those."""
    ours = waiting | {"$or": [{"_id": row["_id"], "claim": row["claim"]} for row in held]}
    await rows.update_many(ours, _leased(lease_ms))
    return [row async for row in rows.find(ours, {"claim": 1})]


def _leased(lease_ms: int, **fields: str) -> list[Row]:
    return [{"$set": {"due_ms": {"$add": [NOW_MS, lease_ms]}, **fields}}]
