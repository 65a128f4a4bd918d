"""Where events go: the exchange, the queues with what they are bound to, the delays, and the end of the road.

One table for code, docs and tests. Both transports read it; names and arguments of what stands in a broker are derived
here and nowhere else. An argument of a queue cannot be changed once it stands: give the queue another name instead.
"""

from typing import Final

import msgspec

EXCHANGE: Final = "harvest_hub"  # RABBITMQ_EXCHANGE names another
DELAYS_S: Final = (1.0, 5.0, 30.0, 120.0, 600.0)  # before the second, third … attempt
CRASHES_ALLOWED: Final = 50  # deliveries that ended with their consumer's death
AT_ONCE: Final = 16  # events one process has in hand per queue


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A durable queue. `keys` are topic patterns: `*` is one word, `#` any number."""

    name: str
    keys: tuple[str, ...]
    about: str


QUEUES: Final = (
    Queue(
        name="order_processing", keys=("order.created", "order.updated", "order.cancelled"),
        about="the Orders queue: stock, totals, caches of orders",
    ),
    Queue(
        name="product_updates", keys=("product.*", "cache.invalidate"),
        about="the Products queue: inventory, caches, search",
    ),
    Queue(name="image_processing", keys=("image.uploaded",), about="sizes, compression, watermarks"),
    Queue(
        name="notifications",
        keys=(
            "notification.send", "order.*", "product.created", "stock.low", "geofence.*", "rider.*",
            "chat.message.unread",
        ),
        about="the Notify queue: whom to tell, and how",
    ),
    Queue(name="analytics", keys=("order.*", "product.*"), about="counts per day"),
)


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is declared. The names of delays hold their length: another length is another queue."""

    exchange: str = EXCHANGE
    queues: tuple[Queue, ...] = QUEUES
    delays_s: tuple[float, ...] = DELAYS_S
    crashes_allowed: int = CRASHES_ALLOWED

    @property
    def dead(self) -> str:
        """The queue of events that nobody could deal with, and the exchange in front of it."""
        return f"{self.exchange}.dead"

    def delay(self, attempt: int) -> float | None:
        """Seconds to wait after this attempt (the first is 1) has failed; None: it was the last."""
        return self.delays_s[attempt - 1] if attempt <= len(self.delays_s) else None

    def waiting(self, delay_s: float) -> str:
        """The queue in which events wait that long, and the exchange in front of it."""
        return f"{self.exchange}.after.{round(delay_s * 1000)}ms"

    def bound(self, key: str) -> tuple[str, ...]:
        """The queues that get an event with this routing key."""
        return tuple(queue.name for queue in self.queues if any(matches(pattern, key) for pattern in queue.keys))


def matches(pattern: str, key: str) -> bool:
    """Whether a topic exchange would take the key for the pattern."""
    return _match(pattern.split("."), key.split("."))


def _match(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_match(pattern[1:], words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and _match(pattern[1:], words[1:])
