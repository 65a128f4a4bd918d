"""Recommendations: which items are bought together, counted from orders.

Collection `together`: {_id: {farmer, a, b}, times}, with a before b. To recommend for an item, take the pairs it is in,
the most frequent first.
"""

from itertools import combinations
from typing import Any

from events.event import Event
from events.once import Session
from events.plugin import Plugin

MOST_ITEMS = 20  # a larger order says little about what goes together


def names_of(event: Event) -> list[str]:
    """The order's items by what identifies them, each once, sorted."""
    found = {str(item.get("product_id") or item.get("name") or "") for item in event.data["items"]}
    return sorted(found - {""})[:MOST_ITEMS]


async def learn(event: Event, tools: Any, session: Session) -> None:
    """Count every pair of the order once more."""
    for first, second in combinations(names_of(event), 2):
        pair = {"farmer": event.data["farmerId"], "a": first, "b": second}
        await tools.db.together.update_one({"_id": pair}, {"$inc": {"times": 1}}, upsert=True, session=session)


PLUGIN = Plugin("recommendation", {"order.created": learn})
