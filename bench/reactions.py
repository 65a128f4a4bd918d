"""What the benchmark's workers do with an event: note when it had its effect, so that twice would be seen."""

from datetime import UTC, datetime
from typing import Any

from events.event import Event
from events.once import Session
from events.plugin import Plugin


async def note(event: Event, tools: Any, session: Session) -> None:
    """One small write, as most reactions are."""
    row = {"$inc": {"times": 1}, "$set": {"at": datetime.now(UTC), "said": event.timestamp}}
    await tools.db.noted.update_one({"_id": event.id}, row, upsert=True, session=session)


PLUGIN = Plugin("bench", {"cache.invalidate": note})
