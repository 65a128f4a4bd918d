"""Snapshot ⊕ events = later snapshot, by random histories: for what was said, receipts, the room and unread counts."""

import asyncio
import itertools
import uuid
from collections.abc import Coroutine
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from client.reconnect import Ridewire
from infra.embedded.mongod import Mongod
from infra.embedded.valkey import Valkey
from infra.settings import Settings
from tests.api.rooms.mirror import Mirror
from tests.api.serving import CHAIN, SECRET, Person, Service, serving
from tests.waiting import SCALE, until

pytestmark = pytest.mark.long

NAMES = itertools.count()
PEOPLE = st.sampled_from(("customer", "vendor"))
PICK = st.integers(0, 10**6)
LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"))
TEXTS = st.text(LETTERS, min_size=1, max_size=20).filter(str.strip)


class Watcher:
    """Somebody whose screen has been open from the start, and who opens the room a second time to compare."""

    def __init__(self, person: Person, room: str) -> None:
        self.person, self.channel = person, f"room:{room}"
        self.mirror = Mirror(person.sub, room)
        url = person.url.replace("http", "ws") + "/ws"
        self.screen = Ridewire(url, token=person.bearer, client="screen", chance=lambda: 0.0)  # comes back at once
        self.fresh = person.socket("fresh")

    async def open(self) -> None:
        await self.screen.__aenter__()
        await self.fresh.__aenter__()
        await self.screen.subscribe(f"user:{self.person.sub}", handler=self.mirror.take)
        await self.screen.subscribe(self.channel, handler=self.mirror.take)

    async def close(self) -> None:
        for socket in (self.screen, self.fresh):
            await socket.close()
        await self.person.http.aclose()

    async def now(self) -> Mirror:
        """The room as somebody finds it who opens it now."""
        now = Mirror(self.person.sub, self.mirror.room_id)
        now.begin(await self.fresh.subscribe(self.channel))
        await self.fresh.unsubscribe(self.channel)
        return now

    async def agrees(self) -> None:
        """What was followed from the start is what stands now; unread is what a recount gives."""
        now = await self.now()

        def is_same() -> bool:
            return self.mirror.shows() == now.shows()

        try:
            await until(is_same, within_s=5)
        except AssertionError:
            assert now.shows() == self.mirror.shows()
        assert now.recount() == now.unread


class Stage:
    """A service in an event loop of its own, which the steps of all histories run in."""

    def __init__(self, settings_: Settings) -> None:
        self.runner = asyncio.Runner()
        self._serving = serving(settings_)
        self.service: Service = self.run(self._serving.__aenter__())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        async def bounded() -> Any:
            async with asyncio.timeout(20 * SCALE):
                return await work

        return self.runner.run(bounded())

    def close(self) -> None:
        self.run(self._serving.__aexit__(None, None, None))
        self.runner.close()


class Histories(RuleBasedStateMachine):
    """A customer and a shop talk about an order while it takes its steps."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.said: dict[str, list[str]] = {"customer": [], "vendor": []}
        self.done = 0
        stage.run(self._open())

    async def _open(self) -> None:
        service, name = self.stage.service, f"{next(NAMES)}"
        self.order = await service.order(f"c{name}", f"v{name}", rider=f"r{name}")
        room = f"order_{self.order}"
        self.watchers = {
            role: Watcher(service.person(role, f"{role[0]}{name}"), room)
            for role in ("customer", "vendor")
        }
        for watcher in self.watchers.values():
            await watcher.open()

    def teardown(self) -> None:
        for watcher in self.watchers.values():
            self.stage.run(watcher.close())

    def _do(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request about the room, and then everybody's comparison."""
        watcher = self.watchers[who]

        async def ask() -> httpx.Response:
            answer = await watcher.person.http.request(
                method, f"/api/rooms/order_{self.order}{path}", **({} if body is None else {"json": body})
            )
            assert answer.status_code < 300, answer.text
            for each in self.watchers.values():
                await each.agrees()
            return answer

        answer: httpx.Response = self.stage.run(ask())
        return answer

    @rule(who=PEOPLE, text=TEXTS)
    def say(self, who: str, text: str) -> None:
        """Somebody says something."""
        body = {"client_id": str(uuid.uuid4()), "text": text}
        self.said[who].append(self._do(who, "POST", "/messages", body).json()["message_id"])

    @precondition(lambda self: any(self.said.values()))
    @rule(who=PEOPLE, pick=PICK, text=TEXTS)
    def edit(self, who: str, pick: int, text: str) -> None:
        """Somebody changes what they said."""
        if self.said[who]:
            said = self.said[who][pick % len(self.said[who])]
            self._do(who, "PATCH", f"/messages/{said}", {"text": text})

    @precondition(lambda self: any(self.said.values()))
    @rule(who=PEOPLE, pick=PICK)
    def delete(self, who: str, pick: int) -> None:
        """Somebody takes something back."""
        if self.said[who]:
            said = self.said[who].pop(pick % len(self.said[who]))
            self._do(who, "DELETE", f"/messages/{said}")

    @rule(who=PEOPLE, read=st.integers(0, 30), delivered=st.integers(0, 30))
    def mark(self, who: str, read: int, delivered: int) -> None:
        """Somebody has read up to somewhere, perhaps to where they had been before."""
        self._do(who, "POST", "/marks", {"read": read, "delivered": delivered})

    @rule(who=PEOPLE)
    def break_line(self, who: str) -> None:
        """A connection breaks and comes back with what was missed."""
        screen: Ridewire = self.watchers[who].screen

        async def cut() -> None:
            before = screen.connections
            screen.cut()
            await until(lambda: screen.connections > before and screen.is_connected, within_s=20)

        self.stage.run(cut())

    @precondition(lambda self: self.done < len(CHAIN))
    @rule()
    def step(self) -> None:
        """The order takes its next step: a word of the service, and at the end the rider leaves."""
        admin = self.stage.service.person("admin", "a1")
        self.stage.run(admin.steps(self.order, CHAIN[self.done]))
        self.done += 1

        async def look() -> None:
            for each in self.watchers.values():
                await until(partial(self._has_heard, each), within_s=5)
                await each.agrees()

        self.stage.run(look())

    def _has_heard(self, watcher: Watcher) -> bool:
        told = [item["system"]["status"] for item in watcher.mirror.messages.values() if "system" in item]
        return CHAIN[self.done - 1] in told


def test_a_snapshot_and_its_events_make_the_later_snapshot(valkey: Valkey, mongod: Mongod, prefix: str) -> None:
    """Whatever is said, changed, taken back, read, cut and stepped: a screen open from the start shows what one shows
    that is opened now, and the server's unread count is what a recount of the log gives."""
    stage = Stage(Settings(
        redis_url=valkey.url, mongo_url=mongod.url, mongo_db=prefix, key_prefix=prefix, jwt_secret=SECRET, drain_s=1,
    ))
    try:
        run_state_machine_as_test(
            lambda: Histories(stage),  # type: ignore[arg-type]  # it takes whatever makes a machine
            settings=settings(
                max_examples=8, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck),
                phases=(Phase.explicit, Phase.generate),
            ),
        )
    finally:
        stage.close()
