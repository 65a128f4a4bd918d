"""What carries events: a broker as the rest of this package sees it. `amqp/` and `streams/` are the two there are.

Both promise the same, and one suite holds both to it (tests/events/contract): what `publish` says is taken is on disk
and in every queue that is bound to it; a delivery comes again until its handler's verdict is with the broker; a failed
one comes back after a delay, and after its last attempt lies in the dead letters until somebody replays it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import msgspec

from events.event import Event
from events.topology import AT_ONCE, Topology


class Away(Exception):
    """The broker cannot be asked, or did not answer in time; what was sent may have arrived."""


class Delivery(msgspec.Struct, frozen=True):
    """One event as it came out of a queue. The first `attempt` is 1."""

    queue: str
    body: bytes
    attempt: int


class Failed(msgspec.Struct, frozen=True):
    """A handler's verdict when it could not. Not `again`: there is no use in another attempt."""

    error: str
    again: bool = True


class Taken(msgspec.Struct, frozen=True):
    """Which events the broker has, and which found no queue. The rest is uncertain, and is sent again."""

    ids: tuple[str, ...]
    unroutable: tuple[str, ...] = ()


class Depth(msgspec.Struct, frozen=True):
    """How a queue is. `unacked` is None where the broker does not tell."""

    ready: int
    consumers: int
    unacked: int | None = None


class Depths(msgspec.Struct, frozen=True):
    """All queues, how many events wait for another attempt, and how many are dead."""

    queues: dict[str, Depth]
    later: int
    dead: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An event that nobody could deal with. `id` names it for replay; `event` is None when it could not be read."""

    id: str
    queue: str
    error: str
    attempts: int
    died_at: datetime | None
    event: dict[str, Any] | None


Handle = Callable[[Delivery], Awaitable[Failed | None]]


@runtime_checkable
class Transport(Protocol):
    """Every method raises Away when the broker cannot be asked."""

    name: str
    topology: Topology

    async def declare(self) -> None:
        """Make everything in the topology; harmless when it stands."""

    async def publish(self, events: Sequence[Event]) -> Taken:
        """Send these, in order, and wait until they are safe."""

    async def consume(self, queue: str, handle: Handle, stop: asyncio.Event, at_once: int = AT_ONCE) -> None:
        """Hand over deliveries, `at_once` at a time, until told to stop; then those in hand are finished."""

    async def depths(self) -> Depths:
        """How full everything is."""

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The dead, oldest first; they stay where they are."""

    async def replay(self, ids: Sequence[str] | None, limit: int) -> int:
        """Send the named dead (None: all) back to their queues, as new; how many went."""
