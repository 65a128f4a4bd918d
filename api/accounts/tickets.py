"""One-time tickets: they let one socket in within 30 seconds, so that a page need not hand its token to the socket.

Kept under their hash; looked up and destroyed in one step. A ticket carries no more than the token it was bought with.
"""

import secrets
from typing import Any

import msgspec

from api.accounts import keys
from api.accounts.seals import digest
from api.errors import Refused
from api.rights import Actor

PREFIX = "rwt_"
LIFE_S = 30
LONGEST = len(PREFIX) + 64


class Tickets:
    """`redis` answers bytes; what it raises goes to the caller, who lets nobody in."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self.redis, self.prefix = redis, prefix
        self._encode, self._decoder = msgspec.msgpack.encode, msgspec.msgpack.Decoder(Actor)

    async def sell(self, actor: Actor) -> str:
        """A new ticket for this actor."""
        ticket = PREFIX + secrets.token_urlsafe(32)
        await self.redis.set(keys.ticket(self.prefix, digest(ticket)), self._encode(actor), ex=LIFE_S)
        return ticket

    async def take(self, ticket: str, now_s: float) -> Actor | Refused:
        """The actor a ticket lets in, once."""
        kept = None
        if len(ticket) <= LONGEST:
            kept = await self.redis.getdel(keys.ticket(self.prefix, digest(ticket)))
        actor = self._decoder.decode(kept) if kept else None
        if actor is None or actor.expires_at <= now_s:
            return Refused("bad_token", "The ticket was used, or it is older than 30 s: get a new one.")
        return actor
