"""Appointments in MongoDB: `appointments`, and `appointment_books`, one document a vendor that every booking writes.

Of two bookings at one vendor at once, one waits for the other's commit, so that what each finds free is still free when
it commits.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from pymongo import ReturnDocument

from api.appointments.rules import Appointment, log_item
from api.errors import Refused
from api.telling import Announcement, Teller
from infra.clients import Database
from infra.transactions import Session, transact
from live.store import plain

Made = tuple[Appointment, list[Announcement]]


class AppointmentStore:
    """Books, reads and cancels; raises what the driver raises."""

    def __init__(self, db: Database, teller: Teller) -> None:
        self.db, self.teller = db, teller

    async def ensure_indexes(self) -> None:
        """Make collections and indexes; harmless when they stand."""
        for party in ("vendor", "customer"):
            await self.db.appointments.create_index([(party, 1), ("starts_at", 1)])

    async def book(self, wanted: Appointment) -> Appointment | Refused:
        """Write it, unless the vendor is taken for a part of that time."""

        async def write(session: Session) -> Made | Refused:
            await self.db.appointment_books.update_one(
                {"_id": wanted.vendor}, {"$inc": {"turns": 1}}, upsert=True, session=session
            )
            overlap = {
                "vendor": wanted.vendor, "status": "booked",
                "starts_at": {"$lt": wanted.ends_at}, "ends_at": {"$gt": wanted.starts_at},
            }
            if await self.db.appointments.find_one(overlap, {"_id": 1}, session=session):
                return Refused("slot_taken", f"{wanted.vendor} is taken for a part of that time.", "starts_at")
            row = msgspec.to_builtins(wanted, builtin_types=(datetime,))
            await self.db.appointments.insert_one({"_id": row.pop("id"), **row}, session=session)
            return wanted, await self.teller.write([(f"vendor:{wanted.vendor}", log_item(wanted))], session)

        return await self._told(await transact(self.db, write))

    async def cancel(self, appointment: Appointment, now: datetime) -> Appointment | Refused:
        """Free its time. Cancelling twice changes nothing."""

        async def write(session: Session) -> Made | Refused:
            row = await self.db.appointments.find_one_and_update(
                {"_id": appointment.id, "status": "booked"}, {"$set": {"status": "cancelled", "updated_at": now}},
                return_document=ReturnDocument.AFTER, session=session,
            )
            if row is None:
                return appointment, []
            after = from_document(row)
            return after, await self.teller.write([(f"vendor:{after.vendor}", log_item(after))], session)

        return await self._told(await transact(self.db, write))

    async def get(self, appointment_id: str) -> Appointment | None:
        """The appointment, or None."""
        row = await self.db.appointments.find_one({"_id": appointment_id})
        return from_document(row) if row else None

    async def page(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Appointment]:
        """Appointments by when they were made, newest first, those before the id `after`."""
        query = {**where, **({"_id": {"$lt": after}} if after else {})}
        return [from_document(row) async for row in self.db.appointments.find(query).sort("_id", -1).limit(limit)]

    async def _told(self, made: Made | Refused) -> Appointment | Refused:
        if isinstance(made, Refused):
            return made
        appointment, announcements = made
        await self.teller.tell(announcements)
        return appointment


def from_document(row: Mapping[str, Any]) -> Appointment:
    """The appointment as it was kept."""
    rest = {name: value for name, value in row.items() if name != "_id"}
    return msgspec.convert({"id": row["_id"], **plain(rest)}, Appointment)
