"""A classifier of pictures, where a model would go: `label` says what is on a picture, and the label is stored.

Here it only tells pictures apart by their content hash, so that it needs no model and no picture. Collection `labels`:
{_id: image, product, label}.
"""

from typing import Any

from events.event import Event
from events.once import Session
from events.plugin import Plugin

LABELS = ("fruit", "vegetable", "bread", "flowers")


def label(content_hash: str) -> str:
    """What is on it. Replace this; for a model that computes long, use `asyncio.to_thread` around it."""
    return LABELS[sum(content_hash.encode()) % len(LABELS)]


async def classify(event: Event, tools: Any, session: Session) -> None:
    """Store the picture's label."""
    row = {"product": event.data["productId"], "label": label(event.data["contentHash"])}
    await tools.db.labels.update_one({"_id": event.data["imageId"]}, {"$set": row}, upsert=True, session=session)


PLUGIN = Plugin("classifier", {"image.uploaded": classify})
