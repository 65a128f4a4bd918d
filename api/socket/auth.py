"""Who is on a socket: the first `auth`, and `auth.renew` before the token runs out."""

import asyncio
import time
from typing import TYPE_CHECKING

from api.errors import Refused, meaning
from api.rights import Actor
from api.socket import subscriptions
from api.socket.codes import Close
from api.socket.commands import Auth, Renew
from api.socket.peer import Patience

if TYPE_CHECKING:
    from api.socket.session import Session


async def authenticate(session: "Session", message: Auth, again: bool) -> None:
    """The first message: `welcome`, or an error and the end. A second one is refused and changes nothing."""
    if again:
        session.refuse(message.id, Refused("bad_request", "Already authenticated; use auth.renew.", field="type"))
        return
    actor = await _ask(session, message.token)
    if session.ended:
        return
    if isinstance(actor, Refused):
        session.refuse(message.id, actor)
        session.end(_ending(actor), actor.message)
        return
    session.client = message.client
    _admit(session, actor)
    session.sockets.enter(session, actor)
    _welcome(session, actor, message.id)
    await subscriptions.watch_own(session, actor)


async def renew(session: "Session", message: Renew) -> None:
    """A fresh token of the same user; a bad one is refused and the old one goes on until it ends."""
    actor = await _ask(session, message.token)
    if session.ended or session.actor is None:
        return
    if isinstance(actor, Refused):
        session.refuse(message.id, actor)
    elif actor.sub != session.actor.sub or (actor.role == "guest") != (session.actor.role == "guest"):
        session.refuse(message.id, Refused("forbidden", "The token is somebody else's; open a socket of its own."))
    else:
        _admit(session, actor)
        _welcome(session, actor, message.id)
        for channel in list(session.subscriptions or ()):
            await subscriptions.recheck(session, channel)


async def _ask(session: "Session", token: str) -> Actor | Refused:
    """The token's actor; a check that takes too long counts as unavailable."""
    try:
        async with asyncio.timeout(session.sockets.limits.ask_within_s):
            return await session.sockets.services.authenticate(token)
    except TimeoutError:
        return Refused("unavailable", "Tokens cannot be checked right now.")


def _admit(session: "Session", actor: Actor) -> None:
    left_s = actor.expires_at - time.time()
    session.actor = actor
    session.outbox.owner = f"{actor.role}:{actor.sub}"
    session.expires_s = session.sockets.now_s() + left_s + session.sockets.limits.expiry_grace_s
    session.line.look_in(left_s + session.sockets.limits.expiry_grace_s)


def _welcome(session: "Session", actor: Actor, re: int) -> None:
    session.outbox.reply(
        {
            "type": "welcome",
            "re": re,
            "sub": actor.sub,
            "role": actor.role,
            "connection": session.connection_id,
            "now": int(time.time() * 1000),
            "token_ttl": max(0, int(actor.expires_at - time.time())),
            "ping_interval": Patience().ping_every_s,
            "limits": session.sockets.limits.told(),
        }
        | ({"order": actor.order} if actor.order else {})  # a guest learns from here which order the link shows
    )


def _ending(refused: Refused) -> int:
    """How a socket ends whose token was refused; when we could not ask, the client may come back."""
    return meaning(refused.code).close or (Close.SERVER_ERROR if refused.code == "unavailable" else Close.BAD_TOKEN)
