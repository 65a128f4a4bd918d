"""Which stop a rider is headed for, by the order's status; and the step `arriving`, taken when the ladder says so."""

from collections.abc import Collection

import msgspec

from api.orders.desk import OrderDesk
from api.orders.news import TOPIC, Word
from api.orders.order import Order, to_ms
from api.orders.store import OrderStore
from api.rights import ENDED, Actor
from geo.fences.stops import Stop
from live.relay import Relay

SERVICE = Actor(sub="ridewire", role="admin", expires_at=float("inf"))
MOST_ORDERS = 2000


def stop_of(order: Order) -> Stop:
    """The shop until pick-up, then the door."""
    picked_up = order.reached("picked_up")
    if picked_up is not None:
        return Stop(order.id, "dropoff", order.dropoff.lat, order.dropoff.lng, to_ms(picked_up))
    assigned = order.legs[-1].since if order.legs else order.created_at
    return Stop(order.id, "pickup", order.pickup.lat, order.pickup.lng, to_ms(assigned))


async def stops_of(orders: OrderStore, riders: Collection[str]) -> dict[str, list[Stop]]:
    """The stops of the riders who have any."""
    running = {"rider": {"$in": sorted(riders)}, "status": {"$nin": sorted(ENDED)}}
    stops: dict[str, list[Stop]] = {}
    for order in await orders.page(running, None, MOST_ORDERS) if riders else []:
        stops.setdefault(order.rider or "", []).append(stop_of(order))
    return stops


async def arrive(desk: OrderDesk, order_id: str) -> None:
    """Take the order to `arriving`, unless it is there or beyond; asking twice changes nothing."""
    await desk.step(order_id, "arriving", SERVICE)


async def publish_change(relay: Relay, order: Order) -> None:
    """Let the serving processes act on the order's change; their sweeps find what this loses."""
    await relay.publish(TOPIC, msgspec.msgpack.encode(Word(relay.origin, order.id)))
