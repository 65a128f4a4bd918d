"""What customers give: one rating an order, one to five stars. The sum is kept with it, in one transaction."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import msgspec

from api.errors import Refused
from api.orders.order import Order
from api.orders.shapes import Body
from api.shops.shapes import Rating
from api.shops.store import ShopStore
from api.telling import Announcement, Teller
from infra.transactions import Doubled, Session, transact

Publish = Callable[[str, bytes], Awaitable[object]]
Stars = Annotated[int, msgspec.Meta(ge=1, le=5, examples=[5])]
Comment = Annotated[str, msgspec.Meta(max_length=1000, examples=["Quick, and still warm."])]


class Rate(Body, frozen=True):
    """One to five stars, and words if there are any."""

    stars: Stars
    comment: Comment = ""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A rating as it stands, and what its vendor has altogether now."""

    order_id: str
    vendor_id: str
    stars: int
    comment: str
    at: datetime
    rating: Rating


def new_topic(vendor: str) -> str:
    """Pub/sub channel that hears of every new rating of a vendor."""
    return f"ratings:new:{vendor}"


def check_rating(order: Order) -> Refused | None:
    """Why this order cannot be rated; None when it can, if nobody has."""
    if order.status != "delivered":
        return Refused("conflict", f"The order is {order.status}; it can be rated once it is delivered.")
    return None


class Ratings:
    """Takes ratings. Raises what the driver raises."""

    def __init__(self, shops: ShopStore, teller: Teller, publish: Publish) -> None:
        self.shops, self.teller, self.publish = shops, teller, publish

    async def rate(self, order: Order, rate: Rate, now: datetime) -> Given | Refused:
        """Write it, unless the order was rated before."""
        if (refused := check_rating(order)) is not None:
            return refused
        row = {
            "_id": order.id, "vendor": order.vendor, "customer": order.customer, "stars": rate.stars,
            "comment": rate.comment, "at": now,
        }

        async def write(session: Session) -> tuple[Rating, list[Announcement]]:
            total = await self.shops.rate(row, session)
            item = {
                "type": "rating", "order": order.id, "stars": rate.stars, "comment": rate.comment,
                "average": total.average, "count": total.count, "ts": round(now.timestamp() * 1000),
            }
            return total, await self.teller.write([(f"vendor:{order.vendor}", item)], session)

        try:
            total, announcements = await transact(self.shops.db, write)
        except Doubled:
            return Refused("exists", "The order has its rating already.")
        await self.teller.tell(announcements)
        told = {"order": order.id, "stars": rate.stars, "average": total.average, "count": total.count}
        await self.publish(new_topic(order.vendor), msgspec.json.encode(told))
        return Given(
            order_id=order.id, vendor_id=order.vendor, stars=rate.stars, comment=rate.comment, at=now, rating=total
        )
