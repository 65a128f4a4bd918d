"""Sessions that ended: their sockets close with 4501 in every process, at once by the relay, at last by a look around.

The look around also counts an open socket as use, so that whoever only watches is not signed out for being idle.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

import msgspec
import structlog

from api.accounts import keys
from api.accounts.sessions import Sessions
from api.rights import Actor
from infra.clients import UNREACHABLE
from live.relay import Relay

log = structlog.get_logger(__name__)
REVOKED = 4501
LOOK_EVERY_S = 30.0
AT_ONCE = 100
CloseWhere = Callable[[Callable[[Actor], bool], int, str], object]
WHY = "the session has ended"


class Word(msgspec.Struct, array_like=True):
    """What travels between processes: whose session, which one (empty: all), and which one not."""

    user: str
    sid: str
    but: str = ""


class Revocation:
    """`actors`: whoever has a socket here."""

    def __init__(
        self, sessions: Sessions, relay: Relay, close_where: CloseWhere, actors: Callable[[], Iterable[Actor]]
    ) -> None:
        self.sessions, self.relay, self.close_where, self.actors = sessions, relay, close_where, actors
        self._decoder = msgspec.msgpack.Decoder(Word)

    async def ended(self, user: str, sid: str, but: str) -> None:
        """After sessions ended: act here, tell the others."""
        word = Word(user, sid, but)
        self._close(word)
        await self.relay.publish(keys.ENDED, msgspec.msgpack.encode(word))

    async def run(self) -> None:
        """Listen, and look around now and then, for as long as the process lives."""
        stop = self.relay.subscribe(keys.ENDED, lambda payload: self._close(self._decoder.decode(payload)))
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                await self.look()
        finally:
            stop()

    async def look(self) -> None:
        """Close the sockets of every session that is over. While Redis is away nothing can be said of any."""
        held = sorted({(actor.sub, actor.session) for actor in self.actors() if actor.session})
        try:
            for start in range(0, len(held), AT_ONCE):
                some = held[start : start + AT_ONCE]
                alive = await asyncio.gather(*(self._is_alive(*each) for each in some))
                for (user, sid), is_alive in zip(some, alive, strict=True):
                    if not is_alive:
                        self._close(Word(user, sid))
        except UNREACHABLE as error:
            log.warning("sessions of open sockets could not be looked at", error=f"{type(error).__name__}: {error}")

    def _is_alive(self, user: str, sid: str) -> Awaitable[bool]:
        return self.sessions.is_alive(user, sid, time.time_ns() // 1_000_000)

    def _close(self, word: Word) -> None:
        self.close_where(
            lambda actor: bool(actor.session) and actor.sub == word.user
            and word.sid in ("", actor.session) and actor.session != word.but,
            REVOKED, WHY,
        )
