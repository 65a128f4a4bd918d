"""A rider's reports on one socket: how fast they may come, straight on to tracking, and when their answers go out."""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from api.errors import Refused
from api.rights import Actor
from api.socket.gathering import Gathering
from api.socket.limits import spend
from api.socket.wheel import NEVER
from tracking.messages import LocationReport

if TYPE_CHECKING:
    from api.socket.session import Session

MOST_ID = 2**53 - 1


class Reports:
    """Made for a socket's first report; the wheel calls `tick` when held answers are due."""

    __slots__ = ("_full_at_s", "_gathering", "_session", "slot")

    def __init__(self, session: "Session") -> None:
        self.slot = NEVER
        self._session = session
        self._gathering = Gathering()
        self._full_at_s = 0.0

    def hear(self, report: LocationReport) -> None:
        """The hot path: what may be said goes on at once, its answer comes back through `_answer`."""
        session = self._session
        if not 0 <= report.id <= MOST_ID:
            session.refuse(None, Refused("bad_request", "The id is out of range.", field="id"))
            return
        now_s = session.sockets.now_s()
        self._full_at_s, wait_s = spend(self._full_at_s, now_s, session.sockets.limits.reports)
        if wait_s:
            session.flood(report.id, wait_s)
        elif session.actor is None:
            session.enqueue(self._later(report))
        else:
            self._pass_on(session.actor, report, now_s)

    def written(self) -> None:
        """Whatever waited for this socket is on its way, held answers first of all."""
        if self._gathering.held:
            self._gathering.gone()

    def tick(self, now_s: float) -> float | None:
        """Answers were held for long enough, unless they went with something else; returns the next deadline."""
        due_s = self._gathering.due_s
        if due_s > now_s:
            return due_s
        if due_s and not self._session.ended:
            self._session.line.wake()
        return None

    def _pass_on(self, actor: Actor, report: LocationReport, now_s: float) -> None:
        session = self._session
        if actor.role != "rider":
            session.refuse(report.id, Refused("forbidden", "Only riders report locations."))
            return
        self._gathering.heard(now_s, len(report.points))
        session.owe()
        session.sockets.services.report(actor.sub, session.client, report, int(time.time() * 1000), self._answer)

    def _later(self, report: LocationReport) -> Callable[[], Awaitable[None]]:
        """After `auth`, which is being looked at."""
        async def step() -> None:
            if self._session.actor is not None:
                self._pass_on(self._session.actor, report, self._session.sockets.now_s())

        return step

    def _answer(self, message: dict[str, Any]) -> None:
        """A plain acknowledgement may wait for the next one; nothing else does, and nothing while the server leaves."""
        session, gathering = self._session, self._gathering
        session.paid()
        if session.is_retiring or message.get("rejected", True):
            session.outbox.reply(message)
            session.look_whether_done()
        elif gathering.holds(session.sockets.now_s()):
            session.outbox.reply(message, later=True)
            if gathering.held == 1:
                session.sockets.wheel.at(gathering.due_s, self)
        else:
            session.outbox.reply(message)
