"""A consumer as a process of its own that hangs in the middle of an effect, to be killed there with kill -9."""

import asyncio
from typing import Any

from events.consumer import Consumers
from events.event import Event
from events.once import Once, Session
from events.topology import Topology
from infra.clients import open_mongo
from tests.events.contract.brokers import open_transport
from tests.events.contract.effects import table, take_stock


async def _consume(kind: str, url: str, mongo_url: str, name: str, topology: Topology, deals_with: int) -> None:
    dealt = 0

    async def take_some(event: Event, db: Any, session: Session) -> None:
        nonlocal dealt
        dealt += 1
        await take_stock(event, db, session)
        if dealt > deals_with:
            await db.hanging.insert_one({"event": event.id})
            await asyncio.Event().wait()

    async with open_mongo(mongo_url, name) as db, open_transport(kind, url, topology) as transport:
        consumers = Consumers(transport, Once(db), table(topology, take_some), db)
        await consumers.run(topology.queues[0].name, asyncio.Event())


def consume(*words: Any) -> None:
    """Until killed: `deals_with` events are dealt with, the next hang with their effect written and not committed."""
    asyncio.run(_consume(*words))
