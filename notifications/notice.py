"""One thing one person is told: a value that says what, until when, and by which channels if nobody sees it. Pure."""

import hashlib
from typing import Any, Literal

import msgspec

Channel = Literal["in_app", "push", "email", "sms"]
Outside = Literal["push", "email", "sms"]  # channels that reach people who are not here
Priority = Literal["low", "normal", "high", "critical"]
AckState = Literal["delivered", "seen", "read", "dismissed"]
CHANNELS: tuple[Channel, ...] = ("in_app", "push", "email", "sms")
ACKED: dict[AckState, tuple[str, ...]] = {  # which instants an ack sets: whoever has read has seen and got
    "delivered": ("delivered_at",),
    "seen": ("delivered_at", "seen_at"),
    "read": ("delivered_at", "seen_at", "read_at"),
    "dismissed": ("delivered_at", "seen_at", "dismissed_at"),
}


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is told. `fallback`: tried in order when no device says it arrived; `also`: sent in any case.

    `collapse` names what it is about: of one subject only a higher `rank` is told, and a newer one replaces an older
    one that still waits. `while_`: the order's statuses in which it is true; empty: always.
    """

    id: str
    user: str
    role: str
    kind: str
    title: str
    body: str
    data: dict[str, Any]
    priority: Priority
    created_ms: int
    expires_ms: int
    collapse: str | None = None
    rank: int = 0
    fallback: tuple[Outside, ...] = ()
    also: tuple[Outside, ...] = ()
    while_: tuple[str, ...] = ()

    @property
    def channel(self) -> str:
        """Where its person hears of it."""
        return f"user:{self.user}"


def notice_id(happening: str, event: str, user: str, role: str) -> str:
    """The same for the same happening, so that hearing of it twice tells it once."""
    digest = hashlib.blake2b("\n".join((happening, event, user, role)).encode(), digest_size=12)
    return f"n{digest.hexdigest()}"


def log_item(notice: Notice) -> dict[str, Any]:
    """The `notification` message, as the person's log keeps it."""
    item: dict[str, Any] = {
        "type": "notification", "notification_id": notice.id, "kind": notice.kind, "title": notice.title,
        "body": notice.body, "data": notice.data, "priority": notice.priority, "ts": notice.created_ms,
        "expires": notice.expires_ms,
    }
    return item | ({"collapse": notice.collapse} if notice.collapse else {})
