"""`vendor:{id}`: a shop's orders as they come and change."""

from functools import partial
from typing import Any

import msgspec

from api.errors import Refused
from api.orders.shapes import view
from api.orders.store import OrderStore, Unanswered
from api.rights import ENDED, Actor, VendorThing, may
from api.socket.channels import Admission
from live.outbox import Outbox
from live.store import Unreadable

MOST_ORDERS = 200


class VendorKind:
    """Its state is the shop's open orders; its log tells of each change."""

    def __init__(self, orders: OrderStore) -> None:
        self._orders = orders

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """That vendor and admins."""
        _, _, vendor = channel.partition(":")
        if not vendor or not may(actor, "vendor.watch", VendorThing(vendor)):
            return Refused("forbidden", "Only that vendor and admins may watch a vendor.", field="channel")
        return Admission(topics=(channel,), has_log=True, state=partial(self._state, vendor))

    async def _state(self, vendor: str) -> dict[str, Any]:
        """{orders: [...]}: the open ones as REST shows them, newest first, at most 200."""
        try:
            found = await self._orders.page({"vendor": vendor, "status": {"$nin": sorted(ENDED)}}, None, MOST_ORDERS)
        except Unanswered as error:
            raise Unreadable(f"the orders of vendor {vendor} cannot be read: {error}") from error
        return {"orders": msgspec.to_builtins([view(order) for order in found])}
