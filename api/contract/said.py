"""Every message the server sends, as types: for the documents, and for tests that hold real messages against them.

Nothing is encoded with these; they are closed to unknown fields, so that a field nobody described fails a test.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from api.contract import said_in_rooms as rooms
from api.contract import said_in_shops as shops
from api.contract import said_of_fences as fences
from api.contract import said_of_notices as notices
from api.contract.words import Instant, Latitude, Longitude, Offset, Said

Spread = Annotated[list[int], msgspec.Meta(min_length=2, max_length=2, description="milliseconds, [min, max]")]


class Welcome(Said, tag="welcome"):
    """The token is good. `token_ttl` and `ping_interval` are seconds; `limits`: what this socket may ask for.

    `order`: for guests, the order that their link shows.
    """

    re: int
    sub: str
    role: Literal["customer", "vendor", "rider", "dispatcher", "admin", "guest"]
    connection: str
    now: Instant
    token_ttl: int
    ping_interval: float
    limits: dict[str, Any]
    order: str | UnsetType = UNSET


class Position(Said, tag="position"):
    """Where a rider is; metres, m/s, degrees. `precision`: decimals, if rounded; `stale`: silent for a minute."""

    rider: str
    lat: Latitude
    lng: Longitude
    ts: Instant
    received: Instant
    seq: int
    channel: str | UnsetType = UNSET
    accuracy: float | UnsetType = UNSET
    speed: float | UnsetType = UNSET
    heading: float | UnsetType = UNSET
    stale: bool | UnsetType = UNSET
    precision: int | UnsetType = UNSET


class Eta(Said, tag="eta"):
    """When the rider is at the door: the median, and a window that holds four arrivals of five (P10, P90).

    Until pick-up `stops_before` is 1, `pickup_at` is the shop's, and customers are told whole minutes and half
    kilometres. `basis`: learned from finished trips, a routing engine's time, or the straight line. `rev` rises.
    """

    order: str
    at: Instant
    earliest: Instant
    latest: Instant
    distance_m: Annotated[int, msgspec.Meta(ge=0)]
    stops_before: Annotated[int, msgspec.Meta(ge=0)]
    basis: Literal["route", "learned", "straight"]
    rev: int
    pickup_at: Instant | UnsetType = UNSET
    channel: str | UnsetType = UNSET


class Left(Said, tag="left"):
    """The rider is no longer shown here: out of the viewport, out of sight, or silent for too long."""

    rider: str
    channel: str | UnsetType = UNSET


class Cluster(msgspec.Struct, forbid_unknown_fields=True):
    """So many riders about here."""

    lat: Latitude
    lng: Longitude
    count: int


class Clusters(Said, tag="clusters"):
    """Too many riders in the viewport to show each; replaces the clusters before."""

    items: list[Cluster]
    channel: str | UnsetType = UNSET


class Presence(Said, tag="presence"):
    """Whether a user is connected."""

    user: str
    state: Literal["online", "offline"]
    last_seen: Instant | UnsetType = UNSET
    channel: str | UnsetType = UNSET


class OrderStep(Said, tag="order"):
    """A log item: the order changed. `rev` rises with each change; `by` did it. Whose it is: on `ops` and `vendor:`."""

    order: str
    status: str
    rev: int
    ts: Instant
    by: str
    rider: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    customer: str | UnsetType = UNSET
    vendor: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    offset: Offset | UnsetType = UNSET


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """A place in degrees, with the words people use for it."""

    lat: Latitude
    lng: Longitude
    address: str | UnsetType = UNSET


class Offered(Said, tag="offer"):
    """A log item of `rider:` and `ops`: an order is offered to a rider until `expires`, or that has ended.

    `number` rises with each rider asked. `dropoff` is rounded to 3 decimals; `exhausted`: nobody was left to ask.
    """

    order: str
    number: int
    state: Literal["open", "accepted", "declined", "expired", "withdrawn", "exhausted"]
    ts: Instant
    rider: str | UnsetType = UNSET
    expires: Instant | UnsetType = UNSET
    pickup: Place | UnsetType = UNSET
    dropoff: Place | UnsetType = UNSET
    distance_m: int | UnsetType = UNSET
    eta_s: int | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    offset: Offset | UnsetType = UNSET


class Silent(Said, tag="silent"):
    """A log item of `ops`: a rider who carries an order says nothing."""

    rider: str
    order: str
    since: Instant
    channel: str | UnsetType = UNSET
    offset: Offset | UnsetType = UNSET


class Counters(Said, tag="counters"):
    """Riders heard of lately, and open orders by status."""

    riders: int
    orders: dict[str, int]
    channel: str | UnsetType = UNSET


Item = OrderStep | Offered | Silent | fences.FenceAlert | rooms.ChatMessage | shops.News | notices.Notification


class Subscribed(Said, tag="subscribed"):
    """The channel from here on. `recovered`: the items fill the whole gap; otherwise they are the newest ones.

    `state` has the current latest values by name. Items and later pushes are contiguous.
    """

    channel: str
    epoch: str
    offset: Offset
    recovered: bool
    items: list[Item]
    state: dict[str, Any]
    re: int | UnsetType = UNSET


class Unsubscribed(Said, tag="unsubscribed"):
    """The channel is no longer watched: asked for (`re`), or rights were lost (`code`, `reason`)."""

    channel: str
    re: int | UnsetType = UNSET
    code: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class HistoryPage(Said, tag="history.page"):
    """Log items, ascending by offset; `more`: there are further ones in the direction asked for."""

    re: int
    channel: str
    items: list[Item]
    more: bool


class Rejected(msgspec.Struct, forbid_unknown_fields=True):
    """A point that will never count, and why."""

    seq: int
    reason: Literal["range", "future", "too_old", "impossible_speed", "vague"]


class Next(msgspec.Struct, forbid_unknown_fields=True):
    """When to report again, and why."""

    interval_ms: int
    why: str


class LocationAck(Said, tag="location.ack"):
    """Every seq up to `upto` is stored or refused, durably as `durable` says: forget them. Some come 0.5 s late."""

    re: int
    upto: int
    duplicates: int
    rejected: list[Rejected]
    durable: Literal["redis", "mongo"]
    next: Next


class Failed(Said, tag="error"):
    """A request was refused. `retry`: the same may work later, after `after_ms`; `field`: the part at fault."""

    code: str
    message: str
    retry: bool
    re: int | UnsetType = UNSET
    field: str | UnsetType = UNSET
    after_ms: int | UnsetType = UNSET
    allowed: list[str] | UnsetType = UNSET


class Gap(Said, tag="gap"):
    """Log items `from` … `to` could not be delivered: read them with `history`."""

    to: Offset
    start: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="from")
    channel: str | UnsetType = UNSET


class Bye(Said, tag="bye"):
    """The socket closes with this code. `retry`: come back, at a random moment within `after_ms`."""

    code: int
    reason: str
    retry: bool
    after_ms: Spread


ANSWERS: dict[str, type[Said]] = {
    "auth": Welcome, "auth.renew": Welcome, "subscribe": Subscribed, "unsubscribe": Unsubscribed,
    "history": HistoryPage, "location.report": LocationAck, "chat.send": rooms.ChatAck, "chat.edit": rooms.Done,
    "chat.delete": rooms.Done, "chat.mark": rooms.Nothing, "chat.typing": rooms.Nothing, "chat.report": rooms.Done,
    "chat.block": rooms.Done, "notification.ack": rooms.Done,
}
PUSHES: tuple[type[Said], ...] = (
    Position, Eta, Left, Clusters, Presence, OrderStep, Offered, Silent, Counters,
    fences.FenceAlert, fences.FenceChanged,
    rooms.ChatMessage, rooms.ChatReceipt, rooms.TypingNow, rooms.ChatRoom, rooms.ChatUnread,
    shops.ProductChanged, shops.StockChanged, shops.Rated, shops.Booked,
    notices.Notification, notices.NotificationState, notices.NotificationCleared, Unsubscribed, Gap, Bye,
)
Message = (
    Welcome | Subscribed | Unsubscribed | HistoryPage | LocationAck | Failed
    | Position | Eta | Left | Clusters | Presence | OrderStep | Offered | Silent | Counters | Gap | Bye
    | fences.FenceAlert | fences.FenceChanged
    | rooms.ChatAck | rooms.Done | rooms.ChatMessage | rooms.ChatReceipt | rooms.TypingNow | rooms.ChatRoom
    | rooms.ChatUnread | shops.News
    | notices.Notification | notices.NotificationState | notices.NotificationCleared
)
