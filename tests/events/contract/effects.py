"""An effect that shows how often it happened, and events to have it of."""

import secrets

from events.event import RANDOM_BITS, Event, make
from events.once import Session
from events.reaction import Handler, Reaction, Table
from events.topology import Topology
from infra.clients import Database

NOW_MS = 1_795_000_000_000


def orders(count: int) -> list[Event]:
    """New orders, each with a number."""
    return [make("ORDER_CREATED", {"n": n}, NOW_MS + n, secrets.randbits(RANDOM_BITS)) for n in range(count)]


async def take_stock(event: Event, db: Database, session: Session) -> None:
    """Twice would be seen."""
    await db.effects.update_one({"_id": event.id}, {"$inc": {"times": 1}}, upsert=True, session=session)


def table(topology: Topology, handler: Handler = take_stock, *, mail: Handler | None = None) -> Table:
    """The handler on the first queue, and perhaps one on the second."""
    first, second = (queue.name for queue in topology.queues)
    listed = (Reaction("stock", first, handler),)
    return {"order.created": listed + ((Reaction("mail", second, mail),) if mail else ())}


async def times(db: Database) -> dict[str, int]:
    """How often each event had its effect."""
    return {row["_id"]: row["times"] async for row in db.effects.find()}


def once_each(events: list[Event]) -> dict[str, int]:
    """As it should be."""
    return {event.id: 1 for event in events}
