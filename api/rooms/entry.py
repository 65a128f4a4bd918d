"""Finding a room for somebody who may do this in it. A stranger hears that there is none: ids cannot be fished for."""

from typing import Any

from api.errors import Refusal, Refused
from api.orders.order import Order
from api.orders.store import OrderStore
from api.rights import Action, Actor, Everything, RoomThing, UserThing, may, relation
from chat.desk import ChatDesk
from chat.room import No, OrderFacts, Person, Room

NO_SUCH_ROOM = Refused("not_found", "There is no such room, or you are not in it.", "room")


def person_of(actor: Actor) -> Person:
    """The actor as chat knows people."""
    return Person(actor.sub, actor.role, actor.name)


def thing_of(room: Room) -> RoomThing:
    """The room as rights know it."""
    return RoomThing(tuple((each.user, each.role) for each in room.members), is_support=room.kind == "support")


def facts_of(order: Order) -> OrderFacts:
    """The order as rooms know it."""
    return OrderFacts(
        id=order.id, customer=order.customer, vendor=order.vendor, rider=order.rider, status=order.status,
        rev=order.rev, updated_at=order.updated_at,
    )


def step_of(order: Order) -> str:
    """What just happened to the order: a status, or `assigned`."""
    last = order.tracking_events[-1] if order.tracking_events else None
    return "assigned" if last is not None and last.timestamp < order.updated_at else order.status


def refused(no: No) -> Refused:
    """Chat's refusal as everybody's."""
    return Refused(no.code, no.message, no.field, no.after_ms)


def refusal(no: No) -> Refusal:
    """The same, raisable."""
    return Refusal.of(refused(no))


class Entry:
    """Rooms by id and actor. An order's room that is not there yet is made when somebody looks for it."""

    def __init__(self, desk: ChatDesk, orders: OrderStore) -> None:
        self.desk, self.orders = desk, orders

    async def attachment(self, actor: Actor, row: dict[str, Any]) -> bool:
        """Whether somebody may see an attachment: its room's members, before that its owner; held, an admin."""
        if row["room"] is not None:
            return isinstance(await self.find(actor, row["room"], "room.read"), Room)
        if row["message"] is None:
            return row["owner"] == person_of(actor).key and may(actor, "attachment.upload", UserThing(actor.sub))
        return bool(row.get("held")) and may(actor, "reports.read", Everything())

    async def find(self, actor: Actor, room_id: str, action: Action) -> Room | Refused:
        """The room; raises what chat's and the orders' stores raise."""
        room = await self.desk.rooms.get(room_id)
        if room is None and room_id.startswith("order_"):
            order = await self.orders.get(room_id.removeprefix("order_"))
            room = await self.desk.order_room(facts_of(order)) if order is not None else None
        if room is None or relation(actor, thing_of(room)) is None:
            return NO_SUCH_ROOM
        if not may(actor, action, thing_of(room)):
            return Refused("forbidden", f"A {actor.role} may not do this in a room.", "room")
        return room
