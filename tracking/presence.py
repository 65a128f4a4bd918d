"""Whether a rider is online: a socket in any process, and 15 s of grace when the last one ends.

`Attendance` keeps the store told about the riders connected here; `Presence` knows it of the riders watched here. News
between processes goes over one relay topic; what it loses is found by asking the store again (vigil.py), which also
finds the riders of a process that died: their entries in the store run out.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from live.push import Push
from tracking.messages import Fix
from tracking.store import TrackingStore

TOPIC = "presence"
GRACE_S, RENEW_S, LIFE_S = 15.0, 20.0, 50.0

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, bool, int]).decode
Tell = Callable[[str, int, Push], None]  # rider, when (ms), push


class Presence:
    """The riders watched in this process: online or not, and since when we know."""

    def __init__(self, tell: Tell, now_ms: Callable[[], int]) -> None:
        self._tell, self._now_ms = tell, now_ms
        self._online: dict[str, bool] = {}
        self._last_seen: dict[str, int] = {}
        self._told_ms = 0

    def of(self, rider: str, newest: Fix | None) -> dict[str, Any]:
        """The `presence` message. `last_seen` is a socket's or a fix's, whichever is later; absent when unknown."""
        signs = [self._last_seen.get(rider, 0), newest.received if newest else 0]
        state = "online" if self._online.get(rider) else "offline"
        message: dict[str, Any] = {"type": "presence", "user": rider, "state": state}
        return message | {"last_seen": max(signs)} if any(signs) else message

    async def learn(self, riders: Iterable[str], store: TrackingStore, *, again: bool = False) -> None:
        """Ask the store about riders not known yet, or about all; raises StoreDown."""
        asked = [rider for rider in riders if again or rider not in self._online]
        if asked:
            online = await store.who_is_online(asked)
            for rider in asked:
                self._take(rider, rider in online, None)

    def heard(self, payload: bytes) -> None:
        """News from the relay, about any rider."""
        rider, is_online, at_ms = _decode(payload)
        if rider in self._online:
            self._take(rider, is_online, at_ms)

    def forget(self, rider: str) -> None:
        """Nobody here watches the rider any more."""
        self._online.pop(rider, None)
        self._last_seen.pop(rider, None)

    def _take(self, rider: str, is_online: bool, at_ms: int | None) -> None:
        was = self._online.get(rider)
        self._online[rider] = is_online
        if at_ms is not None or is_online:
            self._last_seen[rider] = at_ms or self._now_ms()
        if was is not None and was != is_online:
            self._told_ms = max(self._told_ms + 1, self._now_ms())  # two changes within a millisecond are two
            self._tell(rider, self._told_ms, Push(self.of(rider, None)))


class Attendance:
    """The riders with a socket in this process. `publish` is the relay's."""

    def __init__(
        self, store: TrackingStore, publish: Callable[[str, bytes], Awaitable[object]], now_ms: Callable[[], int]
    ) -> None:
        self._store, self._publish, self._now_ms = store, publish, now_ms
        self._here: dict[str, set[str]] = {}
        self._gone_ms: dict[str, int] = {}
        self._told: set[str] = set()
        self._renew_ms = 0

    def came(self, rider: str, connection: str) -> None:
        """A rider's device connected."""
        self._here.setdefault(rider, set()).add(connection)
        self._gone_ms.pop(rider, None)

    def went(self, rider: str, connection: str) -> None:
        """A device's connection ended; when it was the last, the grace begins."""
        connections = self._here.get(rider, set())
        connections.discard(connection)
        if not connections and self._here.pop(rider, None) is not None:
            self._gone_ms[rider] = self._now_ms()

    async def step(self) -> None:
        """Bring the store and the other processes up to date; raises StoreDown, and the next call tries again."""
        now_ms = self._now_ms()
        new = [rider for rider in self._here if rider not in self._told]
        await self._store.online(new, self._store.origin, LIFE_S)
        for rider in new:
            self._told.add(rider)
            await self._publish(TOPIC, _encode((rider, True, now_ms)))
        for rider, gone_ms in list(self._gone_ms.items()):
            if now_ms - gone_ms >= GRACE_S * 1000:
                await self._say_goodbye(rider, gone_ms)
        if now_ms >= self._renew_ms:
            await self._store.online([*self._here, *self._gone_ms], self._store.origin, LIFE_S)
            self._renew_ms = now_ms + round(RENEW_S * 1000)

    async def _say_goodbye(self, rider: str, gone_ms: int) -> None:
        await self._store.offline(rider, self._store.origin)
        if rider in self._here:  # back while we asked: the next step tells the store again
            self._told.discard(rider)
            return
        self._gone_ms.pop(rider, None)
        self._told.discard(rider)
        if rider not in await self._store.who_is_online([rider]):
            await self._publish(TOPIC, _encode((rider, False, gone_ms)))
