"""What a socket says about notifications: which arrived, were seen, read or dismissed."""

import asyncio
from typing import TYPE_CHECKING

from api.errors import Refused
from api.rights import UserThing, may
from api.socket.notice_commands import NotificationAck
from notifications.store import Unanswered

if TYPE_CHECKING:
    from api.socket.session import Session

NOT_YOURS = Refused("forbidden", "A share link has no notifications.", "ids")
LATER = Refused("unavailable", "Notifications cannot be written right now.", after_ms=1000)


async def acknowledge(session: "Session", message: NotificationAck) -> None:
    """Keep it, then answer `ok`."""
    desk, actor = session.sockets.services.notices, session.actor
    if desk is None or actor is None or not may(actor, "user.watch", UserThing(actor.sub)):
        session.refuse(message.id, NOT_YOURS)
        return
    try:
        async with asyncio.timeout(session.sockets.limits.ask_within_s):
            await desk.acknowledge(actor.sub, actor.role, message.ids, message.state)
    except (Unanswered, TimeoutError):
        session.refuse(message.id, LATER)
        return
    session.outbox.reply({"type": "ok", "re": message.id})
