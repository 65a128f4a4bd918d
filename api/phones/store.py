"""Phones in MongoDB: whose they are, under the hash of their key, and which number each of their places has.

`devices`: {_id, rider, name, digest: SHA-256 of the key, created_at, by, numbers: the highest given out, heard_at}
`device_numbers`: {_id: {d: device, s: slot of ten minutes}, seqs: {milliseconds into the slot: number}, at: its end}

Such apps do not number what they send, they only date it. A place is known again by its phone and its time: the first
time it is seen it gets the phone's next number, and the same one whenever it comes again, through any process.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from api.errors import Refused
from infra.clients import Database

PREFIX = "rwd_"
KEY_BYTES = 24
LONGEST = len(PREFIX) + 64
MOST_A_RIDER = 10
SLOT_MS = 600_000
REMEMBERED = timedelta(days=8)  # one more than the oldest place that is taken
TRIES = 5


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that may send for a rider. Its key is kept nowhere."""

    id: str
    rider: str
    name: str
    created_at: datetime
    heard_at: datetime | None = None


def digest_of(key: str) -> str:
    """The hash under which a key is kept."""
    return hashlib.sha256(key.encode()).hexdigest()


class DeviceStore:
    """The phones of all riders."""

    def __init__(self, db: Database) -> None:
        self.devices, self.numbers = db.devices, db.device_numbers

    async def ensure_indexes(self) -> None:
        """Make the indexes; harmless when they stand."""
        await self.devices.create_index("digest", unique=True)
        await self.devices.create_index("rider")
        await self.numbers.create_index("at", expireAfterSeconds=0)

    async def add(self, rider: str, name: str, by: str, now: datetime) -> tuple[Device, str] | Refused:
        """A new phone and its key, which nobody sees again."""
        if await self.devices.count_documents({"rider": rider}) >= MOST_A_RIDER:
            return Refused("conflict", f"The rider has {MOST_A_RIDER} phones already; revoke one first.")
        key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
        device = Device(id=secrets.token_hex(8), rider=rider, name=name, created_at=now)
        document = msgspec.to_builtins(device, builtin_types=(datetime,)) | {"digest": digest_of(key), "by": by}
        document["_id"] = document.pop("id")
        await self.devices.insert_one(document | {"numbers": 0})
        return device, key

    async def of_rider(self, rider: str) -> list[Device]:
        """The rider's phones, the oldest first."""
        return [_device(found) async for found in self.devices.find({"rider": rider}).sort("created_at")]

    async def get(self, device_id: str) -> Device | None:
        """One phone."""
        found = await self.devices.find_one({"_id": device_id})
        return _device(found) if found else None

    async def revoke(self, device_id: str) -> None:
        """From now on its key opens nothing."""
        await self.devices.delete_one({"_id": device_id})

    async def by_key(self, key: str) -> Device | None:
        """Whose key this is; asked each time, so that a revoked one is dead at once."""
        if not key.startswith(PREFIX) or len(key) > LONGEST:
            return None
        found = await self.devices.find_one({"digest": digest_of(key)})
        return _device(found) if found else None

    async def number(self, device_id: str, times: Iterable[int]) -> dict[int, int] | None:
        """Time in ms → the number of the phone's place at that time; None when the phone was revoked meanwhile."""
        wanted = sorted(set(times))
        known = await self._known(device_id, {ts // SLOT_MS for ts in wanted})
        fresh = [ts for ts in wanted if ts not in known]
        if fresh:
            change = {"$inc": {"numbers": len(fresh)}, "$set": {"heard_at": datetime.now(UTC)}}
            after = ReturnDocument.AFTER
            counted = await self.devices.find_one_and_update({"_id": device_id}, change, return_document=after)
            if counted is None:
                return None
            given: dict[int, dict[str, int]] = defaultdict(dict)
            for seq, ts in enumerate(fresh, start=counted["numbers"] - len(fresh) + 1):
                given[ts // SLOT_MS][str(ts % SLOT_MS)] = seq
            for slot, seqs in given.items():
                known |= await self._settle(device_id, slot, seqs)
        return {ts: known[ts] for ts in wanted}

    async def _known(self, device_id: str, slots: set[int]) -> dict[int, int]:
        known: dict[int, int] = {}
        async for found in self.numbers.find({"_id": {"$in": [{"d": device_id, "s": slot} for slot in slots]}}):
            known |= _times(found)
        return known

    async def _settle(self, device_id: str, slot: int, seqs: dict[str, int]) -> dict[int, int]:
        """Write numbers that are not there yet, atomically: of two requests with one place the first decides."""
        ends = datetime.fromtimestamp((slot + 1) * SLOT_MS / 1000, UTC) + REMEMBERED
        there: dict[str, Any] = {"$ifNull": ["$seqs", {}]}
        change = [{"$set": {"at": ends, "seqs": {"$mergeObjects": [{"$literal": seqs}, there]}}}]
        for attempt in range(TRIES):
            try:
                found = await self.numbers.find_one_and_update(
                    {"_id": {"d": device_id, "s": slot}}, change, upsert=True, return_document=ReturnDocument.AFTER
                )
                break
            except DuplicateKeyError:  # both wanted to make the slot
                if attempt == TRIES - 1:
                    raise
        return _times(found)


def _times(document: Any) -> dict[int, int]:
    start = document["_id"]["s"] * SLOT_MS
    return {start + int(offset): int(seq) for offset, seq in document["seqs"].items()}


def _device(document: Any) -> Device:
    kept = {name: document.get(name) for name in ("rider", "name", "created_at", "heard_at")}
    return msgspec.convert({"id": document["_id"], **kept}, Device)
