"""Whose token is this: an access token, ours or the marketplace's, or a share link. Socket and HTTP both ask here.

An access token of an account here counts only while its session does. A socket may also come with a one-time ticket.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import jwt
import structlog

from api.accounts.tickets import PREFIX as TICKET
from api.errors import Refused
from api.jwks import Jwks
from api.orders.share import PREFIX
from api.rights import Actor
from api.tokens import PUBLISHED, Trust, check, read_header
from infra.clients import UNREACHABLE

log = structlog.get_logger(__name__)
Guest = Callable[[str, datetime], Awaitable[Actor | Refused]]
IsAlive = Callable[[str, str, int], Awaitable[bool]]
Take = Callable[[str, float], Awaitable[Actor | Refused]]


class Identity:
    """Checks tokens of every kind. `guest` resolves share links; without `jwks` no RS256 or ES256 token is believed.

    `is_alive` is asked for every token that belongs to a session; `take` looks at a ticket and destroys it.
    """

    def __init__(self, trust: Trust, guest: Guest, jwks: Jwks | None, *, is_alive: IsAlive, take: Take) -> None:
        self.trust, self.guest, self.jwks = trust, guest, jwks
        self.is_alive, self.take = is_alive, take

    async def authenticate(self, token: str) -> Actor | Refused:
        """The actor, or why not. It never raises for anything a stranger may send."""
        if token.startswith(PREFIX):
            return await self._guest(token)
        header = read_header(token)
        if isinstance(header, Refused):
            return header
        published: jwt.PyJWK | Refused | None = None
        if self.jwks is not None and header.alg in PUBLISHED:
            published = await self.jwks.key(header.kid)
        if isinstance(published, Refused):
            return published
        actor = check(token, self.trust, time.time(), published)
        return await self.in_session(actor) if isinstance(actor, Actor) and actor.session else actor

    async def enter(self, token: str) -> Actor | Refused:
        """The same for a socket's first message, which may also be a ticket."""
        if not token.startswith(TICKET):
            return await self.authenticate(token)
        try:
            actor = await self.take(token, time.time())
        except UNREACHABLE as error:
            return _cannot_ask("a ticket", error)
        return await self.in_session(actor) if isinstance(actor, Actor) and actor.session else actor

    async def in_session(self, actor: Actor) -> Actor | Refused:
        """The actor, if the session still counts. When Redis cannot be asked nobody gets in."""
        try:
            is_alive = await self.is_alive(actor.sub, actor.session, int(time.time() * 1000))
        except UNREACHABLE as error:
            return _cannot_ask("a session", error)
        return actor if is_alive else Refused("revoked", "This session has ended: sign in again.")

    async def _guest(self, token: str) -> Actor | Refused:
        try:
            return await self.guest(token, datetime.now(UTC))
        except UNREACHABLE as error:
            return _cannot_ask("a share link", error)


def _cannot_ask(what: str, error: Exception) -> Refused:
    log.warning("somebody could not be let in", because_of=what, error=f"{type(error).__name__}: {error}")
    return Refused("unavailable", "It cannot be looked up just now who this is.", after_ms=2000)
