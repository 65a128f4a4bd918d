"""The conversation on one socket, without any I/O: messages in, answers into the outbox, endings with their codes.

Location reports are handed on at once. Whatever must wait for something (auth, subscribe, history) runs one after the
other in the order it came, in one task that lives only while there is something to do.
"""

import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import structlog

from api.errors import Refused, as_message
from api.rights import Actor
from api.socket import auth, chat, notices, subscriptions
from api.socket.channels import Subscription
from api.socket.chat_commands import Chat
from api.socket.codes import Close, bye
from api.socket.commands import Auth, History, Message, Renew, Subscribe, Unread, Unsubscribe, read
from api.socket.limits import spend
from api.socket.notice_commands import NotificationAck
from api.socket.reports import Reports
from live.outbox import Outbox
from live.push import Encoding
from tracking.messages import LocationReport

if TYPE_CHECKING:
    from api.socket.sockets import Sockets

FRAME_BYTES = 64 * 1024
ANSWERS_WITHIN_S = 3.0

logger = structlog.get_logger("api.socket")

Step = Callable[[], Awaitable[None]]


class Line(Protocol):
    """What a session needs of its connection."""

    def wake(self) -> None:
        """Something waits in the outbox."""

    def look_in(self, wait_s: float) -> None:
        """Call `check` after this time at the latest."""

    def hang_up(self, code: int, reason: str) -> None:
        """Write what waits, then close with this code."""


class Session:
    """One client, from its first message to its last."""

    __slots__ = (
        "_flooding", "_last_id", "_reports", "_requests", "_retire_at_s", "_steps", "_unanswered", "actor", "client",
        "connection_id", "ended", "expires_s", "is_text", "line", "outbox", "sockets", "started", "subscriptions",
        "working",
    )

    def __init__(self, sockets: "Sockets", line: Line, encoding: Encoding) -> None:
        self.sockets = sockets
        self.line = line
        self.outbox = Outbox(encoding, line.wake, sockets.meters)
        self.is_text = encoding is Encoding.JSON
        self.actor: Actor | None = None
        self.client = ""
        self.connection_id = uuid.uuid4().hex[:16]
        self.expires_s = sockets.now_s() + sockets.limits.auth_within_s
        self.started = self.ended = self.working = False
        self.subscriptions: dict[str, Subscription] | None = None
        self._steps: deque[Step] | None = None
        self._last_id = -1
        self._unanswered = 0
        self._reports: Reports | None = None
        self._requests = self._flooding = self._retire_at_s = 0.0

    @property
    def overflowed(self) -> bool:
        """The reader let more pile up than the outbox holds."""
        return self.outbox.overflowed

    @property
    def is_retiring(self) -> bool:
        """The server goes away, and this socket with it."""
        return self._retire_at_s > 0

    @property
    def has_more(self) -> bool:
        """The last frame did not take everything along."""
        return self.outbox.awake

    # What the connection calls

    def received(self, data: bytes, is_text: bool) -> None:
        """A whole message of the WebSocket came: one message of ours or an array of them."""
        if self.ended:
            return
        if is_text is not self.is_text:
            self.end(Close.WRONG_KIND)
            return
        for message in read(data, self.outbox.encoding, self.sockets.limits.frame_messages):
            if self.ended:
                return
            self._hear(message)

    def take(self, now_ms: float) -> bytes | None:
        """The next frame for the socket."""
        frame = self.outbox.take(now_ms, FRAME_BYTES)
        if self._reports is not None:
            self._reports.written()
        if frame is None and self.outbox.due_ms is not None:
            self.line.look_in((self.outbox.due_ms - now_ms) / 1000.0)
        return frame

    def check(self, now_s: float) -> float | None:
        """Look at the deadlines; returns the nearest one."""
        if self.ended:
            return None
        if self._retire_at_s and now_s >= self._retire_at_s:
            self.end(Close.SHUTDOWN)
            return None
        if now_s >= self.expires_s:
            self.end(Close.EXPIRED if self.actor else Close.NO_AUTH)
            return None
        due_ms = self.outbox.due_ms
        nearest = min(self.expires_s, self._retire_at_s or self.expires_s)
        if due_ms is None:
            return nearest
        wait_s = due_ms / 1000.0 - time.time()
        if wait_s <= 0:
            self.line.wake()
            return nearest
        return min(nearest, now_s + wait_s)

    def end(self, code: int, reason: str = "", *, drop: bool = False) -> None:
        """Say `bye` and hang up. `drop`: what waits is not worth sending to this reader."""
        if self.ended:
            return
        self.ended = True
        last = bye(code, reason)
        self.outbox.close(last, drop=drop)
        self.line.hang_up(code, last["reason"])

    def retire(self) -> None:
        """The server goes away: hear nothing new, let answers that are on their way arrive, then say bye."""
        if self.ended or self._retire_at_s:
            return
        self._retire_at_s = self.sockets.now_s() + ANSWERS_WITHIN_S
        self._retire_when_done()

    def lost(self, code: int) -> None:
        """The connection is gone: give everything back."""
        self.ended = True
        self.outbox.closed = True
        self._steps = None
        subscriptions.leave_all(self)
        self.sockets.forget(self, code)

    # What the rest of the socket package calls

    def refuse(self, re: int | None, refused: Refused) -> None:
        """Answer with an error."""
        self.outbox.reply(as_message(refused, re))

    def enqueue(self, step: Step) -> bool:
        """Do this after what was asked before it; False when too much is asked already."""
        if self._steps is None:
            self._steps = deque()
        if len(self._steps) >= self.sockets.limits.waiting_requests:
            return False
        self._steps.append(step)
        if not self.working:
            self.working = True
            self.sockets.spawn(self._work())
        return True

    def owe(self) -> None:
        """An answer is under way that will come out of turn."""
        self._unanswered += 1

    def paid(self) -> None:
        """It came."""
        self._unanswered -= 1

    def look_whether_done(self) -> None:
        """One who was told to go goes when nothing is owed."""
        if self._retire_at_s and not self.ended:
            self._retire_when_done()

    def flood(self, re: int | None, wait_s: float = 0.0) -> None:
        """Count a violation; tell the client when to ask again, or end the socket when it does not listen."""
        limits = self.sockets.limits
        self._flooding, over = spend(self._flooding, self.sockets.now_s(), limits.violations)
        if over:
            self.end(Close.RATE_LIMIT)
        elif re is not None:
            told = f"Too much is asked at once; ask again in {wait_s:.1f} s."
            self.refuse(re, Refused("rate_limited", told, after_ms=max(1, int(wait_s * 1000))))

    # Inside

    def _hear(self, message: Message | Unread) -> None:
        """Judge a message before it is acted on: its turn, its id, its rate. The first branch is the hot path."""
        if type(message) is LocationReport and self.started and message.id > self._last_id and not self._retire_at_s:
            self._last_id = message.id
            self._hear_report(message)
            return
        given = message.re if isinstance(message, Unread) else message.id
        if not self.started and not isinstance(message, Auth):
            if isinstance(message, Unread):
                self.refuse(given, message.refused)
            self.end(Close.NO_AUTH)
        elif self._retire_at_s:
            self.refuse(given, Refused("shutdown", "The server is going away; come back and ask again."))
        elif given is not None and given <= self._last_id:
            self.flood(None)
            told = f"The id {given} does not rise above {self._last_id}."
            self.refuse(given, Refused("bad_request", told, field="id"))
        else:
            if given is not None:
                self._last_id = given
            self._act(message)

    def _act(self, message: Message | Unread) -> None:
        if isinstance(message, LocationReport):
            self._hear_report(message)
            return
        self._requests, wait_s = spend(self._requests, self.sockets.now_s(), self.sockets.limits.requests)
        if isinstance(message, Unread):
            self.refuse(message.re, message.refused)
            if wait_s:
                self.flood(None)
        elif wait_s:
            self.flood(message.id, wait_s)
        elif not self.enqueue(self._step(message)):
            self.flood(message.id, 1.0)

    def _hear_report(self, report: LocationReport) -> None:
        if self._reports is None:
            self._reports = Reports(self)
        self._reports.hear(report)

    def _step(self, message: Auth | Renew | Subscribe | Unsubscribe | History | Chat | NotificationAck) -> Step:
        """What a request means."""
        match message:
            case Auth():
                again, self.started = self.started, True
                if not again:
                    self.expires_s = self.sockets.now_s() + 2 * self.sockets.limits.ask_within_s
                return lambda: auth.authenticate(self, message, again)
            case Renew():
                return lambda: auth.renew(self, message)
            case Subscribe():
                return lambda: subscriptions.subscribe(self, message)
            case Unsubscribe():
                return lambda: subscriptions.unsubscribe(self, message)
            case History():
                return lambda: subscriptions.history(self, message)
            case NotificationAck():
                return lambda: notices.acknowledge(self, message)
            case _:
                return chat.step(self, message)

    async def _work(self) -> None:
        """Do what waits, one after the other, until nothing does."""
        try:
            while self._steps and not self.ended:
                await self._steps.popleft()()
        except Exception:
            logger.exception("a request made the server fail", connection=self.connection_id)
            self.end(Close.SERVER_ERROR)
        finally:
            self.working = False
            self._steps = None
            if self._retire_at_s:
                self._retire_when_done()

    def _retire_when_done(self) -> None:
        if not self._unanswered and not self.working:
            self.end(Close.SHUTDOWN)
