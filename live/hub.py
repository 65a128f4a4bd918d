"""Who in this process watches which topic. Bytes pass through once; nothing here awaits."""

from live.outbox import Outbox
from live.push import Push


class Topic:
    """One stream's local watchers, and the newest order seen per subject."""

    __slots__ = ("orders", "watchers")

    def __init__(self) -> None:
        self.watchers: dict[Outbox, str] = {}
        self.orders: dict[str, int] | None = None


class Hub:
    """Topics with at least one local watcher. A topic nobody watches costs nothing and remembers nothing."""

    def __init__(self) -> None:
        self._topics: dict[str, Topic] = {}

    def join(self, topic: str, outbox: Outbox, channel: str) -> None:
        """Send what comes on `topic` to `outbox` under the name `channel`."""
        at = self._topics.get(topic)
        if at is None:
            at = self._topics[topic] = Topic()
        at.watchers[outbox] = channel

    def leave(self, topic: str, outbox: Outbox) -> None:
        """Stop sending; leaving a topic that was not joined is nothing."""
        at = self._topics.get(topic)
        if at is None:
            return
        at.watchers.pop(outbox, None)
        if not at.watchers:
            del self._topics[topic]

    def watchers(self, topic: str) -> int:
        """How many local sockets watch the topic."""
        at = self._topics.get(topic)
        return 0 if at is None else len(at.watchers)

    @property
    def topics(self) -> int:
        """How many topics have a local watcher."""
        return len(self._topics)

    def seen(self, topic: str, subject: str, order: int) -> None:
        """A watcher was just shown this order as state: nothing older shall follow it."""
        at = self._topics.get(topic)
        if at is not None:
            if at.orders is None:
                at.orders = {}
            at.orders[subject] = max(order, at.orders.get(subject, -1))

    def latest(self, topic: str, subject: str, order: int, push: Push) -> None:
        """A subject's newest value; dropped when `order` is not above the last one seen."""
        at = self._topics.get(topic)
        if at is None:
            return
        orders = at.orders
        if orders is None:
            orders = at.orders = {}
        elif order <= orders.get(subject, -1):
            return
        orders[subject] = order
        for outbox, channel in at.watchers.items():
            outbox.latest(channel, subject, push)

    def log(self, topic: str, offset: int, push: Push) -> None:
        """A log item, whose order the caller guarantees."""
        at = self._topics.get(topic)
        if at is not None:
            for outbox, channel in at.watchers.items():
                outbox.log(channel, offset, push)

    def ephemeral(self, topic: str, subject: str, push: Push) -> None:
        """News that may be lost."""
        at = self._topics.get(topic)
        if at is not None:
            for outbox, channel in at.watchers.items():
                outbox.ephemeral(channel, subject, push)
