"""Each order's life at the service: its events go there one after the other, repeated while it is out of reach."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from api.simulate.people import People, Refusal
from city.market import Assigned, OrderPlaced, StatusReached

RETRY_EVERY_S, GIVE_UP_AFTER = 1.0, 60
DISPATCHER = "dispatcher-1"
OUR_CUSTOMERS = "customer-"
ENDED = ("delivered", "cancelled")
STEPS = ("order_placed", "accepted", "preparing", "ready", "picked_up", "arriving", "delivered")


class Life:
    """One order. `id` is the service's, once it is placed."""

    def __init__(self, placed: OrderPlaced) -> None:
        self.id = ""
        self.customer, self.vendor, self.rider, self.status = placed.customer, placed.shop.id, "", "order_placed"
        self.key = uuid.uuid4().hex
        self.events: asyncio.Queue[OrderPlaced | Assigned | StatusReached] = asyncio.Queue(maxsize=len(STEPS) + 2)
        self.lost = False


class Journal:
    """All orders. `placed`, `delivered` and `troubles` count; `moved` hears of each order after each of its events."""

    def __init__(self, people: People, moved: Callable[[Life], None]) -> None:
        self.people, self.moved = people, moved
        self.lives: dict[int, Life] = {}
        self.placed = self.delivered = 0
        self.troubles: list[str] = []

    def note(self, event: OrderPlaced | Assigned | StatusReached, group: asyncio.TaskGroup) -> None:
        """Take an event; the order's own task carries it out. An order has fewer events than its queue has room."""
        life = self.lives.get(event.order)
        if isinstance(event, OrderPlaced):
            life = self.lives[event.order] = Life(event)
            group.create_task(self._live(event.order, life), name=f"order {event.order}")
        if life is not None:
            life.events.put_nowait(event)

    async def tidy(self) -> int:
        """End what an earlier play left under way, so that no rider is busy for ever; how many orders that were."""
        ended = 0
        for status in STEPS[:-1]:
            after = ""
            while True:
                page = await self._insist(self._ask_staff, "GET", f"/api/orders?limit=200&status={status}{after}")
                for order in page["items"]:
                    if order["customer_id"].startswith(OUR_CUSTOMERS):
                        await self._end(order["id"], status)
                        ended += 1
                if not page["next"]:
                    break
                after = f"&after={page['next']}"
        return ended

    async def _end(self, order: str, status: str) -> None:
        """Cancel it while that may be, else bring it."""
        steps = STEPS[STEPS.index(status) + 1 :] if status in ("picked_up", "arriving") else ("cancelled",)
        for step in steps:
            await self._insist(self._ask_staff, "POST", f"/api/orders/{order}/status", {"status": step})

    async def _ask_staff(self, method: str, path: str, body: object = None) -> Any:
        return await self.people.ask("play", "admin", method, path, body)

    async def _live(self, number: int, life: Life) -> None:
        """From placed to delivered."""
        while life.status not in ENDED and not life.lost:
            event = await life.events.get()
            try:
                await self._insist(self._carry, life, event)
            except (Refusal, httpx.TransportError) as error:
                self.troubles.append(f"order {life.id or number}: {type(event).__name__}: {error}")
                life.lost = True
            self.moved(life)
        del self.lives[number]

    async def _carry(self, life: Life, event: OrderPlaced | Assigned | StatusReached) -> None:
        """One event as a request of the one who did it."""
        match event:
            case OrderPlaced():
                body = {
                    "vendor_id": event.shop.id, "pickup": _spot(event.shop.place), "dropoff": _spot(event.dropoff),
                    "items": [{"name": "the usual", "quantity": 1, "shop": event.shop.name}],
                }
                key = {"Idempotency-Key": life.key}
                order = await self.people.ask(life.customer, "customer", "POST", "/api/orders", body, **key)
                life.id, self.placed = order["id"], self.placed + 1
            case Assigned():
                body = {"rider_id": event.rider}
                await self.people.ask(DISPATCHER, "dispatcher", "POST", f"/api/orders/{life.id}/assign", body)
                life.rider = event.rider
            case StatusReached():
                who = (life.vendor, "vendor") if event.by == "vendor" else (life.rider, "rider")
                await self.people.ask(*who, "POST", f"/api/orders/{life.id}/status", {"status": event.status})
                life.status = event.status
                self.delivered += event.status == "delivered"

    async def _insist(self, ask: Callable[..., Awaitable[Any]], *words: object) -> Any:
        """Ask until answered; a step that turns out to be taken already (its answer was lost) is fine."""
        for attempt in range(GIVE_UP_AFTER):
            try:
                return await ask(*words)
            except (Refusal, httpx.TransportError) as error:
                status = error.status if isinstance(error, Refusal) else 503
                if status == 409 and attempt:
                    return None
                if status not in (429, 502, 503, 504) or attempt + 1 == GIVE_UP_AFTER:
                    raise
            await asyncio.sleep(RETRY_EVERY_S)
        return None


def _spot(place: Any) -> dict[str, float]:
    return {"lat": place.lat, "lng": place.lng}
