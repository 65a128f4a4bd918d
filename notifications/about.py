"""What happened, made into what people are told: a notice for each row of the rules' table that it meets. Pure."""

from typing import Any

import msgspec

from notifications.notice import Notice, notice_id
from notifications.rules import RULES, Rule, is_true
from notifications.words import WORDS, short


class OrderNews(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an order, and where the order stands by now. `rev` orders the news of one order."""

    event: str
    order: str
    rev: int
    status: str
    customer: str = ""
    vendor: str = ""
    rider: str = ""


def about_order(news: OrderNews, now_ms: int) -> list[Notice]:
    """What people are told of it. News that the order's status has overtaken is told to nobody."""
    people = {"customer": news.customer, "vendor": news.vendor, "rider": news.rider}
    return [
        _of_order(rule, news, person, now_ms) for rule in RULES
        if rule.event == news.event and (person := people.get(rule.to)) and is_true(rule.while_, news.status)
    ]


def about_offer(order: str, rev: int, number: int, rider: str, now_ms: int, expires_ms: int) -> Notice:
    """A rider is asked to carry an order, until then. The order's `rev` keeps it behind whatever came of the order."""
    rule = _row("order.offered")
    words = {"order": short(order)}
    return _notice(
        rule, f"{order}:{number}", rider, words, {"order": order, "number": number}, now_ms,
        collapse=f"{rule.subject}:{order}", rank=rev, expires_ms=expires_ms,
    )


def about_stock(product: str, title: str, stock: int, rev: int, vendor: str, now_ms: int) -> Notice:
    """Few of a product are left, or none; `rev` is the product's."""
    rule = _row("stock.low")
    words = {"product": title, "left": f"{stock} left" if stock else "None left"}
    return _notice(
        rule, f"{product}:{rev}", vendor, words, {"product": product, "stock": stock}, now_ms,
        collapse=f"{rule.subject}:{product}", rank=rev,
    )


def about_silence(rider: str, order: str, since_ms: int, dispatcher: str, now_ms: int) -> Notice:
    """A rider who carries an order was last heard of then."""
    rule = _row("rider.silent")
    words = {"rider": rider, "order": short(order)}
    return _notice(
        rule, f"{rider}:{since_ms}", dispatcher, words, {"order": order, "rider": rider, "since": since_ms}, now_ms,
        collapse=f"{rule.subject}:{rider}", rank=since_ms,
    )


def about_room(
    room: str, message: str, user: str, role: str, unread: int, sender: str, now_ms: int
) -> Notice:
    """Somebody has unread messages in a room; `message` is the newest of them."""
    rule = _row("chat.unread")
    body = WORDS[rule.event, rule.to][1] if unread <= 1 else f"{unread} unread messages"
    made = _notice(
        rule, f"{room}:{message}", user, {"sender": sender or "somebody"},
        {"room": room, "message_id": message, "unread": unread}, now_ms,
        collapse=f"{rule.subject}:{room}", rank=now_ms, role=role,
    )
    return msgspec.structs.replace(made, body=body)


def _row(event: str) -> Rule:
    return next(rule for rule in RULES if rule.event == event)


def _of_order(rule: Rule, news: OrderNews, person: str, now_ms: int) -> Notice:
    return _notice(
        rule, f"{news.order}:{news.rev}", person, {"order": short(news.order)},
        {"order": news.order, "status": news.status, "rev": news.rev}, now_ms,
        collapse=f"{rule.subject}:{news.order}", rank=news.rev,
    )


def _notice(
    rule: Rule, happening: str, person: str, words: dict[str, str], data: dict[str, Any], now_ms: int, *,
    collapse: str, rank: int, role: str = "", expires_ms: int = 0,
) -> Notice:
    """One person's notice by this row; `role` where the row is for people of several."""
    title, body = (text.format(**words) for text in WORDS[rule.event, rule.to])
    role = role or rule.to
    return Notice(
        id=notice_id(happening, rule.event, person, role), user=person, role=role, kind=rule.event, title=title,
        body=body, data=data, priority=rule.priority, created_ms=now_ms,
        expires_ms=expires_ms or now_ms + rule.life_s * 1000, collapse=collapse, rank=rank, fallback=rule.fallback,
        also=rule.also, while_=rule.while_,
    )
