"""The worker's part of notifications: decide what nobody confirmed, gather what rooms say, deliver webhooks."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from api.accounts.store import AccountStore
from api.catalog.store import ProductStore
from api.circuits import Circuits
from api.notices.truth import Truth
from api.notices.ways import open_ways
from api.offers.store import OfferStore
from api.orders.store import OrderStore
from chat.album import Album
from chat.registry import RoomRegistry
from chat.store import ChatStore
from infra.clients import Database
from infra.settings import Settings
from live.store import ChannelLog
from notifications.book import Book
from notifications.decider import Decider
from notifications.digest import Digests
from notifications.due import Due
from notifications.hooks.sender import Sender
from notifications.hooks.store import HookStore
from notifications.store import NotificationStore
from tracking.store import TrackingStore


async def send_notices(settings: Settings, redis: Any, db: Database, circuits: Circuits) -> None:
    """Until cancelled. What is asked on the way is shown by `circuits`."""
    log = ChannelLog(db)
    orders, album = OrderStore(db, log), Album(db)
    truth = Truth(
        orders, ChatStore(db, album), RoomRegistry(db, album), OfferStore(db, orders), ProductStore(db),
        TrackingStore(redis, settings.key_prefix),
    )
    async with AsyncExitStack() as stack:
        ways = await stack.enter_async_context(open_ways(settings))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        decider = Decider(Due(db), Book(db, AccountStore(db).checked_email), ways.by_channel, truth.holds)
        sender = Sender(HookStore(db), ways.egress)
        group.create_task(decider.run())
        group.create_task(sender.run())
        group.create_task(Digests(db, NotificationStore(db, log), truth.unread).run())
        circuits.sources["notices"] = lambda: [gate.guard for gate in (*ways.gates.values(), *sender.gates.values())]
