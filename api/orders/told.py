"""Which event an order's change is, and what it tells. Pure: the store writes it into the outbox with the change."""

from typing import Any

import msgspec

from api.orders.order import Order
from events.kinds import OrderData


def told(before: Order | None, after: Order) -> tuple[str, dict[str, Any]]:
    """The event's type and data; `before` is None for a new order."""
    standing: dict[str, Any] = msgspec.to_builtins(OrderData(
        order_id=after.id, user_id=after.customer, farmer_id=after.vendor, items=list(after.items),
        total_price=total_minor(after) if after.total is None else after.total, status=after.status, rev=after.rev,
        rider_id=after.rider,
    ))
    if before is None:
        return "ORDER_CREATED", standing
    by_status = after.status != before.status
    was = before.status if by_status else before.rider
    about = {"change": "status" if by_status else "rider", "before": was}
    return "ORDER_CANCELLED" if after.status == "cancelled" else "ORDER_UPDATED", standing | about


def total_minor(order: Order) -> int:
    """What the items cost together, in minor units; items without a whole `price` cost nothing here."""
    return sum(_whole(item.get("price"), 0) * _whole(item.get("quantity"), 1) for item in order.items)


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
