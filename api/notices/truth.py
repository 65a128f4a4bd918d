"""Whether what a notification says still holds, asked just before it interrupts anybody."""

from typing import Any

from api.catalog.rules import LOW_STOCK
from api.catalog.store import ProductStore
from api.offers.store import OfferStore
from api.orders.store import OrderStore
from chat.registry import RoomRegistry
from chat.room import Person
from chat.store import ChatStore
from chat.unread import Mark, unread
from notifications.notice import Notice
from notifications.rules import is_true
from tracking.store import TrackingStore


class Truth:
    """Orders are where they say; a job is still that rider's; a room still has something unread for them; an offer is
    open, a product scarce, a rider silent.
    """

    def __init__(
        self, orders: OrderStore, chat: ChatStore, rooms: RoomRegistry, offers: OfferStore, products: ProductStore,
        tracking: TrackingStore,
    ) -> None:
        self._orders, self._chat, self._rooms = orders, chat, rooms
        self._offers, self._products, self._tracking = offers, products, tracking

    async def holds(self, notice: Notice) -> bool:
        """Raises what the stores raise."""
        data = notice.data
        match notice.kind:
            case "chat.unread":
                return await self.unread(notice.user, notice.role, data["room"]) > 0
            case "order.offered":
                return await self._is_offered(notice.user, data)
            case "stock.low":
                product = await self._products.get(data["product"])
                return product is not None and product.stock is not None and product.stock <= LOW_STOCK
            case "rider.silent":
                return await self._is_silent(notice, data)
        return await self._is_so(notice, data.get("order"))

    async def _is_offered(self, rider: str, data: dict[str, Any]) -> bool:
        offer = await self._offers.get(data["order"])
        return offer is not None and offer.state == "open" and (offer.rider, offer.number) == (rider, data["number"])

    async def _is_silent(self, notice: Notice, data: dict[str, Any]) -> bool:
        order = await self._orders.get(data["order"])
        if order is None or order.rider != data["rider"] or not is_true(notice.while_, order.status):
            return False
        return bool((await self._tracking.last_heard_ms(data["rider"]) or 0) <= data["since"])

    async def _is_so(self, notice: Notice, order_id: object) -> bool:
        if not notice.while_ or not isinstance(order_id, str):
            return True
        order = await self._orders.get(order_id)
        if order is None or not is_true(notice.while_, order.status):
            return False
        return notice.role != "rider" or order.rider == notice.user

    async def unread(self, user: str, role: str, room_id: str) -> int:
        """What somebody has not read in a room; nothing where they are no longer in, or have muted it."""
        room = await self._rooms.room(room_id)
        if room is None or user in room.muted or not room.has(user, role):
            return 0
        head = (await self._chat.heads([room_id])).get(room_id)
        mark = (await self._chat.marks_of(user, [room_id])).get(room_id, Mark())
        return unread(head.counts, mark, Person(user, role).key) if head is not None else 0
