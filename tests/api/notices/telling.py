"""Notifications for tests: what orders make people hear, told in a running process."""

import time
from typing import Any

from api.consumers import ON, Tools
from client.reconnect import Ridewire
from events.event import Event, key_of
from events.once import Once
from notifications.about import OrderNews, about_order
from notifications.notice import Notice
from notifications.rules import STATUS_EVENTS
from tests.api.serving import Person, Service

Message = dict[str, Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def step(order: str, status: str, rev: int, rider: str = "", customer: str = "c1", vendor: str = "") -> list[Notice]:
    """What an order's step makes its customer hear, and the others that are named."""
    news = OrderNews(
        event=STATUS_EVENTS[status], order=order, rev=rev, status=status, customer=customer, vendor=vendor, rider=rider
    )
    return about_order(news, now_ms())


def assigned(order: str, rider: str, rev: int = 2) -> list[Notice]:
    """What a rider hears who is given an order."""
    return about_order(OrderNews(event="order.assigned", order=order, rev=rev, status="ready", rider=rider), now_ms())


async def tell(service: Service, notices: list[Notice]) -> list[str]:
    """Tell them in this process; the ids of those that were told."""
    return [told.notice.id for told in await service.app.world.board.desk.tell(notices)]


async def deliver(tools: Tools, event: Event) -> None:
    """Let all reactions on the queue of notifications react, as a worker does."""
    once = Once(tools.db)
    for reaction in ON[key_of(event.type)]:
        if reaction.queue == "notifications":
            handle = reaction.handle
            await once.apply(event.id, reaction.name, lambda session, handle=handle: handle(event, tools, session))


async def hear(socket: Ridewire) -> Message:
    """The next notification on this socket."""
    return dict(await socket.inbox.wait_for(lambda push: push["type"] == "notification"))


async def counted(socket: Ridewire, unread: int) -> Message:
    """The state once this much is unread."""
    return dict(await socket.inbox.wait_for(
        lambda push: push["type"] == "notification.state" and push["unread"] == unread
    ))


async def acknowledge(socket: Ridewire, ids: list[str], state: str) -> Message:
    """Say what became of them."""
    return dict(await socket.request({"type": "notification.ack", "ids": ids, "state": state}))


async def listed(person: Person, **options: Any) -> Message:
    """A page of the person's notifications."""
    answer = await person.get("/api/notifications", params=options)
    assert 200 == answer.status_code, answer.text
    return dict(answer.json())
