"""Plug-ins as somebody outside would write them: one that is slow, one that fails until it is mended."""

import asyncio
from contextlib import suppress
from typing import Any

from events.event import Event
from events.once import Session
from events.plugin import Plugin
from events.reaction import Hopeless


async def be_slow(event: Event, tools: Any, session: Session) -> None:
    """A job of some seconds; its beginning is seen at once, its end with the commit."""
    await tools.db.jobs.insert_one({"begun": event.id})
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 2)
    await tools.db.jobs.insert_one({"ended": event.id}, session=session)


async def be_choosy(event: Event, tools: Any, session: Session) -> None:
    """Takes nothing until the document `mended` stands."""
    if await tools.db.mended.find_one({}) is None:
        raise Hopeless("the provider is closed for good")
    await tools.db.jobs.insert_one({"ended": event.id}, session=session)


SLOW = Plugin("slow", {"cache.invalidate": be_slow})
CHOOSY = Plugin("choosy", {"order.created": be_choosy})
