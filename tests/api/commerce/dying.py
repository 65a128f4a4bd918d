"""`python -m tests.api.commerce.dying URL DATABASE N`: places an order from the cart and dies by kill -9 at the N-th
moment of the transaction: before its N-th command is sent or, as the last one, right after the commit.

It prints the id of its session, so that whoever waits need not wait until MongoDB ends the transaction by itself.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

from pymongo import monitoring

from api.orders.desk import entries_for
from api.orders.order import Order, Spot, TrackingEvent
from api.orders.store import OrderStore, UsedKey
from infra.clients import open_mongo
from live.store import ChannelLog

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPOT = Spot(lat=14.6, lng=120.98)


def order_of(number: str) -> Order:
    """The order that is placed."""
    return Order(
        id=f"o{number}", customer="c1", vendor="v1", pickup=SPOT, dropoff=SPOT, created_at=NOW, updated_at=NOW,
        tracking_events=(TrackingEvent(status="order_placed", timestamp=NOW, location=SPOT),),
    )


class Death(monitoring.CommandListener):
    """Comes at one moment."""

    def __init__(self, moment: int) -> None:
        self.moment = moment

    def _pass(self) -> None:
        if self.moment == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.moment -= 1

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is about to be sent."""
        if event.command.get("autocommit") is False:
            sys.stdout.write(event.command["lsid"]["id"].hex() + "\n")
            sys.stdout.flush()
            self._pass()

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """A command is done."""
        if event.command_name == "commitTransaction":
            self._pass()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Not what kills."""


async def place(db: Any, order_id: str) -> Any:
    """Place the order that the cart asks for, under its key."""
    store = OrderStore(db, ChannelLog(db))
    order = order_of(order_id)
    return await store.insert(order, entries_for(order, "c1"), UsedKey("customer:c1:k", b"digest"), from_cart=True)


async def main() -> None:
    """Place and die."""
    url, name, moment = sys.argv[1:4]
    async with open_mongo(url, name) as db:
        await db.client.admin.command("ping")
        death.moment = int(moment)
        await place(db, "first")
    sys.stdout.write("alive\n")


death = Death(-1)
if __name__ == "__main__":
    monitoring.register(death)
    asyncio.run(main())
