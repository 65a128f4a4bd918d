"""Who is told what: one table from event, person and state to channels, priority, subject and lifetime. Pure.

A row reads: when this happens, that person is told, as long as the order is in one of these states. Everybody has the
in-app log; `fallback` are the ways tried one after the other when no device of theirs says within seconds that it
arrived; `also` is sent in any case, because it is a record and no interruption. docs/notifications.md shows the table,
`about.py` makes notices of its rows.
"""

from typing import Final, Literal

import msgspec

from notifications.notice import Outside, Priority

Person = Literal["customer", "vendor", "rider", "dispatcher", "member", "anybody"]
Subject = Literal["order", "room", "job", "product", "rider", "given"]
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
COMING: Final = ("order_placed", "accepted", "preparing", "ready")
ON_THE_WAY: Final = ("picked_up", "arriving")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A row. `while_` empty: whatever the state."""

    event: str
    to: Person
    priority: Priority
    life_s: int
    while_: tuple[str, ...] = ()
    fallback: tuple[Outside, ...] = ()
    also: tuple[Outside, ...] = ()
    subject: Subject = "order"


RULES: Final[tuple[Rule, ...]] = (
    Rule(event="order.placed", to="customer", while_=COMING, priority="normal", fallback=("push",), also=("email",),
         life_s=HOUR_S),
    Rule(event="order.placed", to="vendor", while_=("order_placed",), priority="high", fallback=("push", "sms"),
         life_s=30 * MINUTE_S),
    Rule(event="order.accepted", to="customer", while_=COMING[1:], priority="normal", fallback=("push",),
         life_s=HOUR_S),
    Rule(event="order.preparing", to="customer", while_=("preparing",), priority="low", life_s=HOUR_S),
    Rule(event="order.ready", to="customer", while_=("ready",), priority="low", life_s=HOUR_S),
    Rule(event="order.ready", to="rider", while_=("ready",), priority="high", fallback=("push",), life_s=HOUR_S,
         subject="job"),
    Rule(event="order.picked_up", to="customer", while_=ON_THE_WAY, priority="normal", fallback=("push",),
         life_s=HOUR_S),
    Rule(event="order.near", to="customer", while_=ON_THE_WAY, priority="low", life_s=15 * MINUTE_S),
    Rule(event="order.arriving", to="customer", while_=("arriving",), priority="high", fallback=("push", "sms"),
         life_s=15 * MINUTE_S),
    Rule(event="order.delivered", to="customer", while_=("delivered",), priority="normal", fallback=("push", "email"),
         life_s=DAY_S),
    Rule(event="order.delivered", to="vendor", while_=("delivered",), priority="low", life_s=DAY_S),
    Rule(event="order.cancelled", to="customer", while_=("cancelled",), priority="high", fallback=("push", "email"),
         life_s=DAY_S),
    Rule(event="order.cancelled", to="vendor", while_=("cancelled",), priority="high", fallback=("push", "sms"),
         life_s=DAY_S),
    Rule(event="order.cancelled", to="rider", while_=("cancelled",), priority="critical", fallback=("push", "sms"),
         life_s=HOUR_S, subject="job"),
    Rule(event="order.assigned", to="rider", while_=(*COMING, *ON_THE_WAY), priority="critical",
         fallback=("push", "sms"), life_s=30 * MINUTE_S, subject="job"),
    Rule(event="order.assigned", to="customer", while_=(*COMING, *ON_THE_WAY), priority="low", life_s=HOUR_S),
    Rule(event="order.offered", to="rider", while_=(*COMING, *ON_THE_WAY), priority="high", fallback=("push",),
         life_s=30, subject="job"),
    Rule(event="stock.low", to="vendor", priority="normal", fallback=("push", "email"), life_s=DAY_S,
         subject="product"),
    Rule(event="rider.silent", to="dispatcher", while_=(*COMING, *ON_THE_WAY), priority="high", fallback=("push",),
         life_s=15 * MINUTE_S, subject="rider"),
    Rule(event="chat.unread", to="member", priority="normal", fallback=("push", "email"), life_s=DAY_S,
         subject="room"),
    Rule(event="notice", to="anybody", priority="normal", fallback=("push", "email"), life_s=DAY_S, subject="given"),
)
STATUS_EVENTS: Final = {
    "order_placed": "order.placed", "accepted": "order.accepted", "preparing": "order.preparing",
    "ready": "order.ready", "picked_up": "order.picked_up", "arriving": "order.arriving",
    "delivered": "order.delivered", "cancelled": "order.cancelled",
}
KINDS: Final = tuple(dict.fromkeys(rule.event for rule in RULES))
GROUPS: Final = tuple(dict.fromkeys(kind.partition(".")[0] for kind in KINDS))


def is_true(while_: tuple[str, ...], status: str | None) -> bool:
    """Whether what was to be said is still so. An order that is gone makes nothing true."""
    return not while_ or status in while_
