"""People who watch, for tests: an outbox each, on a real hub, and a clock that stands until it is moved."""

from typing import Any

import msgspec

from live.hub import Hub
from live.meters import Meters
from live.outbox import Outbox
from live.push import Encoding
from live.topics import view as view_topic
from tracking.delivery import Delivery, View
from tracking.messages import Fix
from tracking.store import TrackingStore
from tracking.watch import Watch

START_MS = 1_700_000_000_000


class Watcher:
    """A socket's outbox on one topic, and what came out of it."""

    def __init__(self, hub: Hub, topic: str, channel: str) -> None:
        self.outbox = Outbox(Encoding.JSON, lambda: None, Meters())
        self.channel = channel
        hub.join(topic, self.outbox, channel)

    def read(self) -> list[dict[str, Any]]:
        """What waits."""
        frame = self.outbox.take(0, 1 << 30)
        messages = msgspec.json.decode(frame) if frame else []
        messages = messages if isinstance(messages, list) else [messages]
        assert all(self.channel == message.pop("channel") for message in messages)
        return messages


class Scenery:
    """One process that watches, by a clock of its own."""

    def __init__(self, store: TrackingStore) -> None:
        self.now_ms = START_MS
        self.hub = Hub()
        self.subscribed: dict[str, Any] = {}
        self.watch = Watch(self.hub, self._subscribe, store, lambda: self.now_ms)

    def _subscribe(self, topic: str, handler: Any) -> Any:
        self.subscribed[topic] = handler
        return lambda: self.subscribed.pop(topic)

    def order(self, view: View, order: str = "o1") -> Watcher:
        """Somebody watches an order from this side."""
        self.watch.open_order(order, view)
        return Watcher(self.hub, view_topic(f"order:{order}", view.value), f"order:{order}")

    def rider(self, rider: str = "r1") -> Watcher:
        """Somebody watches a rider."""
        self.watch.open_rider(rider)
        return Watcher(self.hub, f"rider:{rider}", f"rider:{rider}")

    def move(self, lat: float, lng: float, rider: str = "r1", after_ms: int = 1000) -> Fix:
        """The rider's next fix, `after_ms` later."""
        self.now_ms += after_ms
        fix = Fix(rider, lat, lng, self.now_ms, self.now_ms, 1, 4.0, 5.0, 90.0)
        self.watch.fixes([fix])
        return fix

    def change(self, status: str, rev: int, rider: str = "r1", **times: Any) -> None:
        """The order's next revision."""
        times = {"assigned_at_ms": START_MS, **times}
        self.watch.order_changed(Delivery(order="o1", rev=rev, status=status, rider=rider, **times))
