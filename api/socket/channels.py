"""What a kind of channel must say for itself: who may watch, on which topics, and what holds right now."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from api.errors import Refused
from api.rights import Actor
from live.outbox import Outbox

__all__ = ["Admission", "ChannelKind", "Refused", "Subscription", "kind_of", "nothing"]


async def nothing() -> dict[str, Any]:
    """For a subscription whose state was told."""
    return {}


def nothing_to_leave() -> None:
    """For kinds that hold nothing per subscription."""


class Admission(msgspec.Struct, frozen=True):
    """Leave to watch a channel.

    `topics`: hub topics to join under the channel's name; the channel's own name is among them when `has_log`.
    `state`: what holds now, for the `state` field of `subscribed`. `leave`: called once when the watching ends.
    """

    topics: tuple[str, ...]
    has_log: bool
    state: Callable[[], Awaitable[dict[str, Any]]]
    leave: Callable[[], None] = nothing_to_leave


class ChannelKind(Protocol):
    """One per channel prefix, registered by that prefix: {"order": kind, …}."""

    async def admit(
        self, actor: Actor, channel: str, outbox: Outbox, max_rate_hz: float | None
    ) -> Admission | Refused:
        """Whether the actor may watch the channel now. Called again when rights may have changed."""


class Subscription(msgspec.Struct):
    """One socket's watching of one channel."""

    channel: str
    admission: Admission
    max_rate_hz: float | None = None


def kind_of(channel: str) -> str:
    """The prefix that chooses the kind: `order` of `order:o1`, `ops` of `ops`."""
    return channel.partition(":")[0]
