"""A whole socket side on real servers: hub, log, feed, relay, sessions and engine, with two plain kinds of channel."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from api.errors import Refused
from api.rights import Actor
from api.socket.channels import Admission
from api.socket.engine import Engine
from api.socket.limits import Limits
from api.socket.peer import Patience
from api.socket.sockets import Answer, Services, Sockets
from infra.clients import Database
from infra.embedded.valkey import Valkey
from live.feed import LogFeed
from live.hub import Hub
from live.meters import Meters
from live.outbox import Outbox
from live.relay import Relay
from live.store import ChannelLog
from tests.api.socket.running import running
from tests.ending import cancelled
from tracking.messages import LocationReport


class OpenKind:
    """A kind that lets everybody in but those in `shut`; `views` chooses the topic beside the channel's own."""

    def __init__(self, has_log: bool) -> None:
        self.has_log = has_log
        self.shut: set[str] = set()
        self.views: dict[str, str] = {}
        self.state: dict[str, Any] = {}
        self.left: list[str] = []

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """Let in, or not."""
        if channel in self.shut:
            return Refused("forbidden", "This channel is shut.")
        return Admission((channel, *self.views.values()), self.has_log, self._state, lambda: self.left.append(channel))

    async def _state(self) -> dict[str, Any]:
        return self.state


class Wired:
    """Everything a test reaches for."""

    def __init__(
        self, database: Database, valkey: Valkey, prefix: str, limits: Limits, patience: Patience
    ) -> None:
        self.meters = Meters()
        self.hub = Hub()
        self.log = ChannelLog(database)
        self.relay = Relay(valkey.url, prefix, self.meters)
        self.feed = LogFeed(self.hub, self.log, self.relay)
        self.logged, self.plain = OpenKind(has_log=True), OpenKind(has_log=False)
        self.reports: list[tuple[str, str, LocationReport]] = []
        self.held_answers: list[Callable[[], None]] | None = None
        self.gone: list[str] = []
        services = Services(
            authenticate=self.authenticate, report=self.report, kinds={"room": self.logged, "spot": self.plain},
            hub=self.hub, log=self.log, feed=self.feed, gone=lambda actor, *which: self.gone.append(actor.sub),
        )
        self.sockets = Sockets(services, limits, self.meters)
        self.engine = Engine(
            self.sockets.open, allowed_origins=("https://app.example",), meters=self.meters, patience=patience
        )
        self.url = ""

    async def authenticate(self, token: str) -> Actor | Refused:
        """Tokens of the tests: `role:sub`, or `role:sub:seconds`."""
        role, _, rest = token.partition(":")
        sub, _, seconds = rest.partition(":")
        if role not in ("rider", "customer", "guest"):
            return Refused("revoked" if role == "revoked" else "bad_token", "No such role.")
        return Actor(sub=sub, role=role, expires_at=time.time() + float(seconds or 600))  # type: ignore[arg-type]

    def report(
        self, rider: str, client: str, message: LocationReport, received_ms: int, answer: Answer
    ) -> None:
        """Keep the report and acknowledge it, at once or when the test says so."""
        self.reports.append((rider, client, message))
        ack = {"type": "location.ack", "re": message.id, "upto": message.points[-1].seq, "rejected": []}
        if self.held_answers is None:
            answer(ack)
        else:
            self.held_answers.append(lambda: answer(ack))


@pytest.fixture
def limits() -> Limits:
    """A test module may narrow them."""
    return Limits()


@pytest.fixture
def patience() -> Patience:
    """The same."""
    return Patience()


@pytest.fixture
async def wired(
    database: Database, valkey: Valkey, prefix: str, limits: Limits, patience: Patience
) -> AsyncIterator[Wired]:
    """The socket side, running."""
    side = Wired(database, valkey, prefix, limits, patience)
    tasks = [asyncio.create_task(side.relay.run()), asyncio.create_task(side.feed.run())]
    async with running(side.engine) as url:
        side.url = url
        yield side
    await cancelled(*tasks)
