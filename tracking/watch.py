"""Everybody who watches a rider, and what they are told: the way from an accepted fix to the hub.

`fixes` is the hot path. A fix of a rider nobody watches costs one look-up; for the others one message is made and
shared by all who see it exactly. Nothing in it waits. What may have been missed (a subscription that was not up yet, a
relay that lost continuity) is doubted, and what is doubted is read again from the store by vigil.py.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from live.hub import Hub
from live.push import Push
from tracking.area import SILENT_AFTER_S, Areas
from tracking.delivery import Delivery, Sight, View
from tracking.fleet import everyone
from tracking.messages import Fix
from tracking.pace import Pace
from tracking.partitions import Partitions, Subscribe
from tracking.position import STALE, exact, is_stale, position, rank
from tracking.presence import Presence
from tracking.scene import ETA, POSITION, Scene
from tracking.store import TrackingStore


def channel(rider: str) -> str:
    """The channel's name."""
    return f"rider:{rider}"


class Arrivals(Protocol):
    """Who works out arrival times: `tracking.eta.live.Etas`."""

    def moved(self, scene: Scene, fix: Fix) -> None:
        """The rider of a watched order is here now; returns at once."""

    def changed(self, scene: Scene, newest: Fix | None) -> None:
        """A watched order is at another revision; returns at once."""

    async def ask(
        self, delivery: Delivery, newest: Fix, sight: Callable[[Fix], Sight]
    ) -> dict[str, Any] | None:
        """The order's `eta` message as sharp as the fix behind it may be seen, if there is one."""


class Seen:
    """A rider somebody in this process watches."""

    __slots__ = ("holds", "is_stale", "newest", "onlookers", "rider", "scenes", "topic", "topic_watchers")

    def __init__(self, rider: str) -> None:
        self.rider = rider
        self.topic = channel(rider)
        self.newest: Fix | None = None
        self.is_stale = False
        self.topic_watchers = 0
        self.onlookers = 0
        self.holds = 0
        self.scenes: list[Scene] = []

    @property
    def is_watched(self) -> bool:
        """Whether anybody but the rider looks on."""
        return self.onlookers > 0 or any(scene.onlookers for scene in self.scenes)


class Watch:
    """Watched riders, orders and areas of one process. `subscribe` is the relay's, `now_ms` the wall clock."""

    def __init__(self, hub: Hub, subscribe: Subscribe, store: TrackingStore, now_ms: Callable[[], int]) -> None:
        self.hub, self.store, self.now_ms = hub, store, now_ms
        self.partitions = Partitions(subscribe, store.origin, self.fixes)
        self.areas = Areas(hub, self.partitions, self._fleet, now_ms)
        self.presence = Presence(self.tell_presence, now_ms)
        self.doubted: set[str] = set()
        self.somebody_looks = asyncio.Event()  # set when a rider may have become watched
        self.scenes: dict[str, Scene] = {}
        self.riders: dict[str, Seen] = {}
        self.paces: dict[str, Pace] = {}
        self.arrivals: Arrivals | None = None

    def fixes(self, fixes: Iterable[Fix]) -> None:
        """Fixes that moved their riders' "now", from this process or another: show each to those who watch."""
        riders = self.riders
        if riders:
            for fix in fixes:
                seen = riders.get(fix.rider)
                if seen is not None and (seen.newest is None or fix.ts > seen.newest.ts):
                    seen.newest, seen.is_stale = fix, False
                    self._show(seen, fix)
        if self.areas.is_open:
            self.areas.note(fixes)

    def _show(self, seen: Seen, fix: Fix) -> None:
        push = Push(position(fix), fix.received)
        if seen.topic_watchers:
            self.hub.latest(seen.topic, POSITION, rank(fix), push)
        if seen.scenes:
            now_ms = self.now_ms()
            for scene in seen.scenes:
                scene.show(fix, push, now_ms)
                if self.arrivals is not None:
                    self.arrivals.moved(scene, fix)

    def open_rider(self, rider: str, *, onlooker: bool = True) -> None:
        """One more watcher of `rider:`. No `onlooker` is the rider's own device: it makes no phone report faster."""
        seen = self._hold(rider)
        seen.topic_watchers += 1
        seen.onlookers += onlooker
        self.somebody_looks.set()

    def close_rider(self, rider: str, *, onlooker: bool = True) -> None:
        """One watcher less."""
        self.riders[rider].topic_watchers -= 1
        self.riders[rider].onlookers -= onlooker
        self._release(rider)

    async def rider_state(self, rider: str) -> dict[str, Any]:
        """{position?, presence} of a rider being watched. Raises StoreDown when it is not known and cannot be asked."""
        await self.learn([rider])
        seen = self.riders[rider]
        state: dict[str, Any] = {"presence": self.presence.of(rider, seen.newest)}
        if seen.newest is not None:
            state[POSITION] = exact(seen.newest, stale=is_stale(seen.newest, self.now_ms()))
        return state

    def open_order(self, order: str, view: View, *, onlooker: bool = True) -> None:
        """One more watcher of an order's view. Changes count from here: read the order now, then `order_changed`."""
        scene = self.scenes.get(order)
        if scene is None:
            pace = self.paces.setdefault(order, Pace())
            scene = self.scenes[order] = Scene(order, self.hub, pace)
        scene.count(view, +1, onlooker=onlooker)
        self.somebody_looks.set()

    def close_order(self, order: str, view: View, *, onlooker: bool = True) -> None:
        """One watcher less; the last one ends the scene."""
        scene = self.scenes[order]
        scene.count(view, -1, onlooker=onlooker)
        if not any(scene.watchers.values()):
            del self.scenes[order]
            self._part(scene)

    def order_changed(self, delivery: Delivery) -> None:
        """An order's newer revision, from wherever; orders nobody watches here and older revisions are nothing."""
        scene = self.scenes.get(delivery.order)
        if scene is None or (scene.delivery is not None and delivery.rev <= scene.delivery.rev):
            return
        before = scene.rider
        scene.change(delivery)
        if scene.rider != before:
            self._part(scene, before)
            if scene.rider:
                self._hold(scene.rider).scenes.append(scene)
                self.somebody_looks.set()
        seen = self.riders.get(scene.rider)
        if seen is not None and seen.newest is not None:
            scene.show(seen.newest, Push(position(seen.newest), seen.newest.received), self.now_ms())
            if seen.is_stale:  # a new step must not make an old position look fresh
                scene.age(seen.newest)
        if self.arrivals is not None:
            self.arrivals.changed(scene, seen.newest if seen is not None else None)

    async def order_state(self, order: str, view: View) -> dict[str, Any]:
        """{position?, presence?} as the view may see them. The order is being watched and its delivery known."""
        scene = self.scenes[order]
        rider = scene.window(view).rider
        if not rider:
            return {}
        await self.learn([rider])
        seen, scene_now = self.riders.get(rider), scene.window(view)
        if seen is None or scene_now.rider != rider:
            return {}
        state: dict[str, Any] = {"presence": self.presence.of(rider, seen.newest)}
        position = scene.position(view, seen.newest, self.now_ms())
        if position:
            state[POSITION] = position
        eta = await self._eta(scene, view, seen.newest)
        return state | {ETA: eta} if eta else state

    async def glance(self, delivery: Delivery, view: View) -> dict[str, Any]:
        """{position?, eta?} as a view may see them now, without watching: for REST."""
        self.order_changed(delivery)
        scene = self.scenes.get(delivery.order)
        if scene is None or scene.delivery is None:
            scene = Scene(delivery.order, self.hub, self.paces.setdefault(delivery.order, Pace()))
            scene.change(delivery)
        rider = scene.window(view).rider
        if not rider:
            return {}
        seen = self.riders.get(rider)
        newest = (seen.newest if seen else None) or (await self.store.newest([rider])).get(rider)
        found = {POSITION: scene.position(view, newest, self.now_ms()), ETA: await self._eta(scene, view, newest)}
        return {name: value for name, value in found.items() if value}

    async def _eta(self, scene: Scene, view: View, newest: Fix | None) -> dict[str, Any] | None:
        """The `eta` of a view's state, as sharp as its position."""
        if self.arrivals is None or newest is None or scene.delivery is None:
            return None
        sight = scene.window(view).sight
        return None if sight(newest) is Sight.NONE else await self.arrivals.ask(scene.delivery, newest, sight)

    async def learn(self, riders: list[str]) -> None:
        """Read from the store what is not known here; raises StoreDown."""
        unknown = [rider for rider in riders if (seen := self.riders.get(rider)) is None or seen.newest is None]
        if unknown:
            self.fixes((await self.store.newest(unknown)).values())
        await self.presence.learn(riders, self.store)

    def doubt(self) -> None:
        """Anything may have been missed: everything watched is read again."""
        self.doubted.update(self.riders)
        self.areas.doubt()

    def tell_presence(self, rider: str, at_ms: int, push: Push) -> None:
        """A watched rider came or went."""
        seen = self.riders.get(rider)
        if seen is not None:
            self.hub.latest(seen.topic, "presence", at_ms, push)
            for scene in seen.scenes:
                scene.tell_presence(at_ms, push)

    def age(self, now_ms: int) -> None:
        """Say once of each position grown old that it is stale."""
        for seen in self.riders.values():
            fix = seen.newest
            if fix is not None and not seen.is_stale and is_stale(fix, now_ms):
                seen.is_stale = True
                self.hub.latest(seen.topic, POSITION, rank(fix, STALE), Push(position(fix, stale=True)))
                for scene in seen.scenes:
                    scene.age(fix)

    async def _fleet(self) -> list[Fix]:
        return await everyone(self.store, self.now_ms() - round(SILENT_AFTER_S * 1000))

    def drop_spent_paces(self, now_ms: int) -> None:
        """Forget the samples of orders nobody watches, once forgetting them gives nothing away."""
        spent = [order for order, pace in self.paces.items() if order not in self.scenes and pace.is_spent(now_ms)]
        for order in spent:
            del self.paces[order]

    def _hold(self, rider: str) -> Seen:
        seen = self.riders.get(rider)
        if seen is None:
            seen = self.riders[rider] = Seen(rider)
            self.partitions.hold(rider)
            self.doubted.add(rider)
        seen.holds += 1
        return seen

    def _release(self, rider: str) -> None:
        seen = self.riders[rider]
        seen.holds -= 1
        if not seen.holds:
            del self.riders[rider]
            self.doubted.discard(rider)
            self.presence.forget(rider)
            self.partitions.release(rider)

    def _part(self, scene: Scene, rider: str | None = None) -> None:
        rider = scene.rider if rider is None else rider
        if rider:
            self.riders[rider].scenes.remove(scene)
            self._release(rider)
