"""All sessions of this process: what they are handed, who they are, and what can be done to many of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import structlog

from api.errors import Refused
from api.rights import Actor
from api.rooms.entry import Entry
from api.socket import subscriptions
from api.socket.channels import ChannelKind
from api.socket.codes import Close
from api.socket.limits import Limits
from api.socket.session import Line, Session
from api.socket.wheel import Wheel
from live.feed import LogFeed
from live.hub import Hub
from live.meters import Meters
from live.push import Encoding
from live.store import ChannelLog
from notifications.desk import NoticeDesk
from tracking.messages import LocationReport

Answer = Callable[[dict[str, Any]], None]

logger = structlog.get_logger("api.socket")


class Report(Protocol):
    """Takes a rider's report; `answer` is called once, with `location.ack` or `error`, when the outcome is known."""

    def __call__(
        self, rider: str, client: str, message: LocationReport, received_ms: int, answer: Answer
    ) -> None: ...


def _nobody(actor: Actor, connection_id: str, client: str) -> None:
    """For when nobody wants to know who comes and goes."""


class Services:
    """What sessions are handed by the composition root."""

    def __init__(
        self,
        *,
        authenticate: Callable[[str], Awaitable[Actor | Refused]],
        report: Report,
        kinds: Mapping[str, ChannelKind],
        hub: Hub,
        log: ChannelLog,
        feed: LogFeed,
        connected: Callable[[Actor, str, str], None] = _nobody,
        gone: Callable[[Actor, str, str], None] = _nobody,
        entry: Entry | None = None,
        notices: NoticeDesk | None = None,
    ) -> None:
        self.authenticate = authenticate
        self.report = report
        self.kinds = kinds
        self.hub = hub
        self.log = log
        self.feed = feed
        self.connected = connected
        self.gone = gone
        self.entry = entry
        self.notices = notices


class Sockets:
    """The registry. `open` is what an engine needs to make sessions; `now_s` is the clock of deadlines."""

    def __init__(
        self,
        services: Services,
        limits: Limits | None = None,
        meters: Meters | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.services = services
        self.limits = limits or Limits()
        self.meters = meters or Meters()
        self.now_s = now_s
        self._sessions: set[Session] = set()
        self._of_user: dict[str, list[Session]] = {}
        self._on_channel: dict[str, set[Session]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wheel: Wheel | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def count(self) -> int:
        """Open sockets, authenticated or not."""
        return len(self._sessions)

    @property
    def wheel(self) -> Wheel:
        """The timer of answers that are held; it belongs to the loop that first needs it."""
        if self._wheel is None:
            loop = asyncio.get_running_loop()
            self._wheel = Wheel(loop.call_at, loop.time)
        return self._wheel

    def open(self, line: Line, encoding: Encoding) -> Session:
        """A session for a new connection."""
        session = Session(self, line, encoding)
        self._sessions.add(session)
        self._empty.clear()
        return session

    async def recheck(self, channel: str) -> None:
        """Rights on a channel may have changed: every subscription is asked again, in turn with its socket's requests.

        Returns when all are asked for, not when all are answered.
        """
        for session in list(self._on_channel.get(channel, ())):
            if not session.enqueue(partial(subscriptions.recheck, session, channel)):
                session.end(Close.CONTINUITY_LOST)

    def close_where(self, predicate: Callable[[Actor], bool], code: int, reason: str = "") -> int:
        """End every socket whose user this is true of; returns how many."""
        chosen = [session for session in self._sessions if session.actor is not None and predicate(session.actor)]
        for session in chosen:
            session.end(code, reason)
        return len(chosen)

    def actors(self) -> list[Actor]:
        """Whoever is on a socket, once for each."""
        return [session.actor for session in self._sessions if session.actor is not None]

    async def drain(self, within_s: float = 20.0, waves: int = 10) -> None:
        """Send everybody away with 4001, in waves over half of the time; returns when all are gone or it is over."""
        started_s = self.now_s()
        waiting = list(self._sessions)
        size = max(1, -(-len(waiting) // waves))
        for start in range(0, len(waiting), size):
            for session in waiting[start : start + size]:
                session.retire()
            if start + size < len(waiting):
                await asyncio.sleep(within_s / 2 / waves)
        with suppress(TimeoutError):
            async with asyncio.timeout(started_s + within_s - self.now_s()):
                await self._empty.wait()

    # What sessions call

    def enter(self, session: Session, actor: Actor) -> None:
        """A session has a user now; the user's oldest socket gives way when there are too many.

        It is closed 4509 (do not come back by yourself): told to come back, two devices would push each other out.
        """
        of_user = self._of_user.setdefault(actor.sub, [])
        of_user.append(session)
        self.services.connected(actor, session.connection_id, session.client)
        logger.info("socket opened", sub=actor.sub, role=actor.role, connection=session.connection_id)
        limits = self.limits  # a share link is one guest to us and a whole family outside
        if len(of_user) > (limits.sockets_per_link if actor.role == "guest" else limits.sockets_per_user):
            of_user[0].end(Close.REPLACED)

    def forget(self, session: Session, code: int) -> None:
        """A session is over."""
        self._sessions.discard(session)
        if not self._sessions:
            self._empty.set()
        if session.actor is None:
            return
        of_user = self._of_user.get(session.actor.sub, [])
        if session in of_user:
            of_user.remove(session)
            self.services.gone(session.actor, session.connection_id, session.client)
        if not of_user:
            self._of_user.pop(session.actor.sub, None)
        logger.info("socket closed", sub=session.actor.sub, connection=session.connection_id, code=code)

    def note(self, channel: str, session: Session) -> None:
        """A session watches a channel."""
        self._on_channel.setdefault(channel, set()).add(session)

    def unnote(self, channel: str, session: Session) -> None:
        """It no longer does."""
        watching = self._on_channel.get(channel)
        if watching is not None:
            watching.discard(session)
            if not watching:
                del self._on_channel[channel]

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a session's waiting requests; the task is kept until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
