"""What requests and answers about notifications look like. Requests are closed to unknown fields."""

from typing import Annotated, Any

import msgspec

from api.orders.shapes import Body
from notifications.notice import AckState
from notifications.preferences import Preferences, all_choices

NoticeId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["n0123456789abcdef01234567"])]


class Acked(Body, frozen=True):
    """Which notifications a device speaks of, and what it says of them."""

    ids: Annotated[list[NoticeId], msgspec.Meta(min_length=1, max_length=200)]
    state: AckState = "read"


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A notification. Instants are epoch milliseconds, as on the socket; `offset` is its place in `user:{sub}`."""

    notification_id: str
    kind: str
    title: str
    body: str
    data: dict[str, Any]
    priority: str
    ts: int
    expires: int
    offset: int | None
    unread: bool
    collapse: str | None = None


class Counted(msgspec.Struct, frozen=True):
    """How much is unread: absolutely, and by kind."""

    unread: int
    by_kind: dict[str, int]


class NoticePage(msgspec.Struct, frozen=True, kw_only=True):
    """Notifications newest first; `next` is the `after` of the next page."""

    items: list[NoticeView]
    next: str | None
    unread: int
    by_kind: dict[str, int]


class PreferencesView(msgspec.Struct, frozen=True):
    """What was chosen, and what holds by it for each group of kinds and channel."""

    preferences: Preferences
    holds: dict[str, dict[str, bool]]


def preferences_view(preferences: Preferences) -> PreferencesView:
    """The answer to reading or writing them."""
    return PreferencesView(preferences, all_choices(preferences))
