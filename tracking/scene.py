"""One order that somebody watches: what each view of it is told when its rider moves or the order changes.

A view has one subject, the position. Its rank begins with the order's revision, so whatever waits from before a change
of rider or state gives way to what comes after it: the old rider's last position is replaced by `left` even in a slow
socket.
"""

from typing import Any

from live.hub import Hub
from live.push import Push
from live.topics import view as view_topic
from tracking.delivery import CLOSED, Delivery, Sight, View, Window, window
from tracking.messages import Fix
from tracking.pace import Pace
from tracking.position import FRESH, STALE, coarse, exact, is_stale, left, rank, rank_at

POSITION, PRESENCE, ETA = "position", "presence", "eta"


def channel(order: str) -> str:
    """The channel's name."""
    return f"order:{order}"


class Scene:
    """The views of one order. Pure: it tells the hub, time is a parameter. `pace` outlives it, see Pace."""

    __slots__ = ("_hub", "_looking", "_topics", "_windows", "delivery", "onlookers", "order", "pace", "watchers")

    def __init__(self, order: str, hub: Hub, pace: Pace) -> None:
        self.order, self.pace = order, pace
        self.delivery: Delivery | None = None
        self.watchers = dict.fromkeys(View, 0)
        self.onlookers = 0
        self._hub = hub
        self._topics = {view: view_topic(channel(order), view.value) for view in View}
        self._windows = dict.fromkeys(View, CLOSED)
        self._looking: list[tuple[str, Window]] = []  # the views with watchers, for the hot path

    @property
    def rider(self) -> str:
        """Whose position the order's views show; empty when nobody's."""
        return next((through.rider for through in self._windows.values() if through.is_open), "")

    def count(self, view: View, more: int, *, onlooker: bool) -> None:
        """So many more watchers of a view, or fewer."""
        self.watchers[view] += more
        self.onlookers += more if onlooker else 0
        self._look()

    def change(self, delivery: Delivery) -> None:
        """Take in a newer revision. Views that lose the rider or may see less of them are told `left`."""
        before = self._windows
        self.delivery = delivery
        self._windows = {view: window(view, delivery) for view in View}
        self._look()
        for view, through in self._windows.items():
            if before[view].is_open and through.is_narrower_than(before[view]):
                gone = rank_at(0, generation=delivery.rev)
                self._hub.latest(self._topics[view], POSITION, gone, Push(left(before[view].rider)))
                self.pace.forget()

    def show(self, fix: Fix, sharp: Push, now_ms: int) -> None:
        """The rider's newest fix. `sharp` is its exact push, shared with everybody else who sees it."""
        is_coarse = False
        for topic, through in self._looking:
            sight = through.sight(fix)
            if sight is Sight.EXACT:
                self._hub.latest(topic, POSITION, rank(fix, FRESH, self._revision), sharp)
            elif sight is Sight.COARSE:
                is_coarse = True
        if is_coarse and self.pace.offer(fix, now_ms):
            self._show_sample(fix)

    def show_waiting(self, now_ms: int) -> None:
        """Show the coarse sample whose time has come."""
        fix = self.pace.due(now_ms)
        if fix is not None:
            self._show_sample(fix)

    def age(self, fix: Fix) -> None:
        """Say that the position shown has grown stale."""
        for topic, through in self._looking:
            sight, sample = through.sight(fix), self.pace.shown
            if sight is Sight.EXACT:
                self._hub.latest(topic, POSITION, rank(fix, STALE, self._revision), Push(exact(fix, stale=True)))
            elif sight is Sight.COARSE and sample is not None:
                self._hub.latest(topic, POSITION, rank(sample, STALE, self._revision), Push(coarse(sample, stale=True)))

    def position(self, view: View, newest: Fix | None, now_ms: int) -> dict[str, Any] | None:
        """The `position` of the view's state. A coarse one is the sample all got: asking again tells nothing new."""
        through = self._windows[view]
        sight = through.sight(newest) if newest is not None else Sight.NONE
        if newest is None or sight is Sight.NONE:
            return None
        if sight is Sight.EXACT:
            return exact(newest, stale=is_stale(newest, now_ms))
        if self.pace.offer(newest, now_ms):
            self._show_sample(newest)
        sample = self.pace.shown
        if sample is None or through.sight(sample) is not Sight.COARSE:
            return None
        return coarse(sample, stale=is_stale(sample, now_ms))

    def tell_presence(self, at_ms: int, push: Push) -> None:
        """The rider came or went: for every view that may know them."""
        for topic, through in self._looking:
            if through.is_open:
                self._hub.latest(topic, PRESENCE, rank_at(at_ms, generation=self._revision), push)

    def tell_eta(self, fix: Fix, sharp: Push, blurred: Push, at_ms: int) -> None:
        """A new arrival time, worked out from this fix: as sharp as the view may see the fix itself."""
        for topic, through in self._looking:
            sight = through.sight(fix)
            if sight is not Sight.NONE:
                push = sharp if sight is Sight.EXACT else blurred
                self._hub.latest(topic, ETA, rank_at(at_ms, generation=self._revision), push)

    def window(self, view: View) -> Window:
        """What the view sees now."""
        return self._windows[view]

    def _show_sample(self, fix: Fix) -> None:
        push = Push(coarse(fix), fix.received)
        for topic, through in self._looking:
            if through.sight(fix) is Sight.COARSE:
                self._hub.latest(topic, POSITION, rank(fix, FRESH, self._revision), push)

    def _look(self) -> None:
        watched = [view for view, watchers in self.watchers.items() if watchers]
        self._looking = [(self._topics[view], self._windows[view]) for view in watched]

    @property
    def _revision(self) -> int:
        return self.delivery.rev if self.delivery else 0
