"""What requests and answers about webhooks look like."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from api.notices.reach_shapes import Url
from api.orders.shapes import Body
from notifications.hooks.store import Hook, Row

Pattern = Annotated[
    str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^([a-z_]+|\*|#)(\.([a-z_]+|\*|#))*$", examples=["order.*"])
]
Patterns = Annotated[tuple[Pattern, ...], msgspec.Meta(min_length=1, max_length=20)]


class NewHook(Body, frozen=True):
    """Where events go, and which: `order.created`, `order.*`, `#` for all."""

    url: Url
    events: Patterns = ("#",)


class HookChange(Body, frozen=True):
    """What shall be another; what is left out stays."""

    url: Url | None = None
    events: Patterns | None = None
    is_on: bool | None = None


class HookView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. `secret` is told once, when it is made."""

    id: str
    url: str
    events: list[str]
    is_on: bool
    created_at: datetime
    secret: str | None = None


class Hooks(msgspec.Struct, frozen=True):
    """All endpoints, oldest first."""

    items: list[HookView]


class Secret(msgspec.Struct, frozen=True):
    """A new secret, told once. The one before it signs as well, until the next change."""

    secret: str


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery: of which event, how it stands, and how its last tries went. `next_at`: when it is tried next."""

    id: str
    webhook: str
    event: str
    type: str
    state: str
    tries: int
    created_at: datetime
    next_at: datetime | None
    log: list[dict[str, Any]]


class Deliveries(msgspec.Struct, frozen=True):
    """Deliveries newest first; `next` is the `after` of the next page."""

    items: list[DeliveryView]
    next: str | None


class Replayed(msgspec.Struct, frozen=True):
    """How many deliveries wait again."""

    deliveries: int


def hook_view(hook: Hook, secret: str | None = None) -> HookView:
    """The endpoint as an answer."""
    return HookView(
        id=hook.id, url=hook.url, events=list(hook.events), is_on=hook.is_on, created_at=hook.created_at, secret=secret
    )


def delivery_view(row: Row) -> DeliveryView:
    """The delivery as an answer."""
    next_at = datetime.fromtimestamp(row["due_ms"] / 1000, UTC) if row["state"] == "waiting" else None
    return DeliveryView(
        id=row["_id"], webhook=row["hook"], event=row["event"], type=row["type"], state=row["state"],
        tries=row["tries"], created_at=row["at"], next_at=next_at, log=list(row["log"]),
    )


def page_of(rows: list[Row], limit: int) -> Deliveries:
    """A page of at most `limit`, when one more was asked for."""
    items = rows[:limit]
    last = items[-1] if len(rows) > limit else None
    following = f"{round(last['at'].timestamp() * 1000)}.{last['_id']}" if last is not None else None
    return Deliveries([delivery_view(row) for row in items], following)
