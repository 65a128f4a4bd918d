"""What events tell whom: handlers for `api/consumers.py`. What they write is committed with the mark of the event."""

from typing import Any

import msgspec

from api.notices.board import desk_of
from events.event import Event
from events.kinds import ArrivalData, NotificationData, OfferData, OrderChange, SilenceData, StockData, UnreadData
from events.once import After, Session
from live.hub import Hub
from notifications.about import OrderNews, about_offer, about_order, about_room, about_silence, about_stock
from notifications.desk import NoticeDesk
from notifications.hooks.store import HookStore
from notifications.notice import Notice, notice_id
from notifications.rules import RULES, STATUS_EVENTS
from notifications.watch import NoticeWatch

MOST_DISPATCHERS = 200
NOTICE = next(rule for rule in RULES if rule.event == "notice")


def desk_from(tools: Any) -> NoticeDesk:
    """The desk over a worker's tools; nobody is connected to a worker, so its hub stays empty."""
    watch = NoticeWatch(Hub(), tools.relay)
    return desk_of(tools.db, tools.redis, tools.settings.key_prefix, tools.log, tools.feed, watch)


async def order_changed(event: Event, tools: Any, session: Session) -> After | None:
    """Its people hear of a new order, a step, a rider, an end."""
    data = msgspec.convert({"change": "status", **event.data}, OrderChange)
    news = OrderNews(
        event="order.assigned" if data.change == "rider" else STATUS_EVENTS.get(data.status, ""),
        order=data.order_id, rev=data.rev, status=data.status, customer=data.user_id, vendor=data.farmer_id,
        rider=data.rider_id or "",
    )
    return await desk_from(tools).tell_within(about_order(news, at_ms(event)), session)


async def rider_arriving(event: Event, tools: Any, session: Session) -> After | None:
    """The rider comes near the door: the customer hears of the outer ring; the inner ones are steps of the order."""
    data = msgspec.convert(event.data, ArrivalData)
    found = await tools.db.orders.find_one({"_id": data.order_id}, {"status": 1, "rev": 1}, session=session)
    if found is None or data.place != "door" or found["status"] != "picked_up":
        return None
    news = OrderNews(
        event="order.near", order=data.order_id, rev=found["rev"], status=found["status"], customer=data.user_id
    )
    return await desk_from(tools).tell_within(about_order(news, at_ms(event)), session)


async def rider_offered(event: Event, tools: Any, session: Session) -> After | None:
    """A rider is asked to carry an order."""
    data = msgspec.convert(event.data, OfferData)
    notice = about_offer(data.order_id, data.rev, data.number, data.rider_id, at_ms(event), data.expires_at)
    return await desk_from(tools).tell_within([notice], session)


async def stock_low(event: Event, tools: Any, session: Session) -> After | None:
    """The shop hears that a product of its is running out."""
    data = msgspec.convert(event.data, StockData)
    notice = about_stock(data.product_id, data.title, data.stock, data.rev, data.farmer_id, at_ms(event))
    return await desk_from(tools).tell_within([notice], session)


async def rider_silent(event: Event, tools: Any, session: Session) -> After | None:
    """Dispatchers hear of it: those with an account, and those whom DISPATCHERS names."""
    data = msgspec.convert(event.data, SilenceData)
    wanted = {"role": "dispatcher", "disabled": {"$ne": True}}
    known = tools.db.accounts.find(wanted, {"_id": 1}, session=session).limit(MOST_DISPATCHERS)
    people = {*tools.settings.dispatchers, *[row["_id"] async for row in known]}
    notices = [about_silence(data.rider_id, data.order_id, data.since, each, at_ms(event)) for each in sorted(people)]
    return await desk_from(tools).tell_within(notices, session)


async def send(event: Event, tools: Any, session: Session) -> After | None:
    """`notification.send`: tell somebody what the event says."""
    data = msgspec.convert(event.data, NotificationData)
    now_ms = at_ms(event)
    notice = Notice(
        id=notice_id(event.id, NOTICE.event, data.user_id, data.role), user=data.user_id, role=data.role,
        kind=data.kind or NOTICE.event, title=data.title, body=data.text,
        data={"order": data.order_id} if data.order_id else {}, priority=priority_of(data.priority),
        created_ms=now_ms, expires_ms=data.expires_at or now_ms + NOTICE.life_s * 1000, collapse=data.collapse_key,
        rank=now_ms, fallback=NOTICE.fallback,
    )
    return await desk_from(tools).tell_within([notice], session)


async def take_for_webhooks(event: Event, tools: Any, session: Session) -> None:
    """Whoever asked to be told of this gets a delivery."""
    await HookStore(tools.db).take(event, session)


async def chat_unread(event: Event, tools: Any, session: Session) -> After | None:
    """Somebody had a moment to read something and did not: they hear by whom it is and how many there are."""
    data = msgspec.convert(event.data, UnreadData)
    notice = about_room(
        data.room_id, data.message_id, data.user_id, data.role, data.unread,
        f"the {data.sender_role}" if data.sender_role else "", at_ms(event),
    )
    return await desk_from(tools).tell_within([notice], session)


def at_ms(event: Event) -> int:
    """When it happened: lifetimes count from there, however late a worker hears of it."""
    return round(event.timestamp.timestamp() * 1000)


def priority_of(text: str) -> Any:
    """A priority that exists; another word counts as normal."""
    return text if text in ("low", "normal", "high", "critical") else "normal"
