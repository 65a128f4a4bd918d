"""An order on its way through the service, as the marketplace's backend drives it."""

from typing import Any, Self

from tests.journeys.people import DOOR, SHOP, Place
from tests.journeys.service import Server, Service

BACKEND = ("backend", "admin")
TO_THE_ROAD = ("accepted", "preparing", "ready", "picked_up")


def spot(place: Place) -> dict[str, float]:
    """A place as REST wants it."""
    return {"lat": place[0], "lng": place[1]}


class Order:
    """One order. Any server of the service will do for each of its steps."""

    def __init__(self, service: Service, order_id: str) -> None:
        self.service, self.id = service, order_id

    @classmethod
    async def place(cls, service: Service, server: Server, *, customer: str = "c1", vendor: str = "v1") -> Self:
        """A new order from the shop to the door."""
        body = {
            "customer_id": customer, "vendor_id": vendor, "pickup": spot(SHOP), "dropoff": spot(DOOR),
            "items": [{"name": "Mango", "quantity": 2}],
        }
        made = await service.call(server, "POST", "orders", body, by=BACKEND)
        return cls(service, made["id"])

    async def assign(self, server: Server, rider: str) -> None:
        """Give it to a rider."""
        await self.service.call(server, "POST", f"orders/{self.id}/assign", {"rider_id": rider}, by=BACKEND)

    async def becomes(self, server: Server, *statuses: str) -> None:
        """Take these steps."""
        for status in statuses:
            await self.service.call(server, "POST", f"orders/{self.id}/status", {"status": status}, by=BACKEND)

    async def share(self, server: Server) -> str:
        """The path of a fresh share link."""
        link: dict[str, Any] = await self.service.call(server, "POST", f"orders/{self.id}/share", by=BACKEND)
        return f"/track/{link['token']}"


async def on_the_road(service: Service, server: Server, rider: str) -> Order:
    """An order that this rider has picked up."""
    order = await Order.place(service, server)
    await order.assign(server, rider)
    await order.becomes(server, *TO_THE_ROAD)
    return order
