"""What the server says about notifications; see said.py."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from api.contract.words import Instant, Offset, Said


class Notification(Said, tag="notification"):
    """A log item of `user:SUB`: something its person should know. Answer `notification.ack` as soon as it is shown.

    `collapse` names what it is about: a newer one takes the older one's place on the screen. After `expires` it is
    no longer worth interrupting anybody. `ts`: when it happened.
    """

    notification_id: str
    kind: str
    title: str
    body: str
    data: dict[str, Any]
    priority: Literal["low", "normal", "high", "critical"]
    ts: Instant
    expires: Instant
    collapse: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    offset: Offset | UnsetType = UNSET


class NotificationState(Said, tag="notification.state"):
    """How many notifications are unread: the number itself, never a difference."""

    unread: Annotated[int, msgspec.Meta(ge=0)]
    by_kind: dict[str, int]
    channel: str | UnsetType = UNSET


class NotificationCleared(Said, tag="notification.cleared"):
    """These were read or dismissed on one of the person's devices: take them off the screen."""

    ids: list[str]
    channel: str | UnsetType = UNSET
