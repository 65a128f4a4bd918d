"""The records of an order, read for a dispute, and who read them (`evidence_reads`)."""

from datetime import datetime
from typing import Any

from api.orders.order import Order
from api.rights import Actor
from infra.clients import Database
from live.own import shown
from live.store import ChannelLog

Row = dict[str, Any]
MOST_ITEMS, PAGE = 20_000, 1000


class EvidenceStore:
    """Raises what the log and the driver raise when MongoDB cannot be asked."""

    def __init__(self, db: Database, log: ChannelLog) -> None:
        self.db, self.log = db, log

    async def items(self, channel: str) -> list[Row]:
        """A channel's whole log, at most MOST_ITEMS of it."""
        items: list[Row] = []
        while len(items) < MOST_ITEMS:
            page = await self.log.read(channel, after=items[-1]["offset"] if items else 0, limit=PAGE)
            items += [shown(item, "") for item in page]
            if len(page) < PAGE:
                break
        return items

    async def reports(self, room: str) -> list[Row]:
        """What was reported in a room."""
        rows = self.db.chat_reports.find({"room": room}).sort("_id", 1).limit(PAGE)
        return [{"id": row.pop("_id")} | row async for row in rows]

    async def notices(self, order: Order) -> list[Row]:
        """What the people of an order were told of it."""
        people = sorted({order.customer, order.vendor, *(leg.rider for leg in order.legs)})
        rows = self.db.notifications.find({"user": {"$in": people}, "data.order": order.id}).limit(MOST_ITEMS)
        return [{"id": row.pop("_id")} | row async for row in rows]

    async def remember(self, order: Order, reader: Actor, now: datetime) -> None:
        """Somebody reads what was said and where somebody was: that is kept as well."""
        row = {"order": order.id, "by": reader.sub, "by_role": reader.role, "at": now}
        await self.db.evidence_reads.insert_one(row)
