"""The order desk: place, step and assign. Each is decided by the rules, written at once, and then told to everybody."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import Enum

import msgspec

from api.errors import Refused
from api.orders.order import RANDOM_BITS, Order, Spot, Status, TrackingEvent, new_id
from api.orders.rules import apply_assignment, apply_step, check_assignment, check_step, log_item, logs_of
from api.orders.store import Also, OrderStore, UsedKey, Written
from api.rights import Actor, relation
from api.telling import Entry, Feed


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An order somebody wants placed."""

    customer: str
    vendor: str
    pickup: Spot
    dropoff: Spot
    items: tuple[dict[str, str | int | float | bool | None], ...] = ()
    from_cart: bool = False


class Anybody(Enum):
    """From whom an order is taken when it is given to another rider."""

    AT_ALL = "at all"


WhereIs = Callable[[str], Awaitable[Spot | None]]
Changed = Callable[[Order], Awaitable[None]]


def utc_now() -> datetime:
    """Now, in the whole milliseconds MongoDB keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def entries_for(order: Order, by: str, note: str | None = None) -> tuple[Entry, ...]:
    """The change as each of its channels gets it; staff and the vendor also learn whose order it is."""
    item = log_item(order, by, note)
    whose = {"customer": order.customer, "vendor": order.vendor}
    return tuple((channel, item if channel.startswith("order:") else item | whose) for channel in logs_of(order))


class OrderDesk:
    """Every change an order takes goes through here.

    `where_is` tells a rider's fresh position. Of each commit `clear` hears first, to forget what is cached, and
    `changed` after its log items went out.
    """

    def __init__(
        self, store: OrderStore, feed: Feed, where_is: WhereIs, changed: Changed, clear: Changed | None = None
    ) -> None:
        self.store, self.feed, self.where_is, self.changed, self.clear = store, feed, where_is, changed, clear

    async def place(self, draft: Draft, actor: Actor, key: str | None) -> Written | Refused:
        """Place an order; with the same `key` by the same actor, the same order comes back."""
        now = utc_now()
        order = Order(
            id=new_id(int(now.timestamp() * 1000), secrets.randbits(RANDOM_BITS)), created_at=now, updated_at=now,
            tracking_events=(TrackingEvent(status="order_placed", timestamp=now, location=draft.pickup),),
            customer=draft.customer, vendor=draft.vendor, pickup=draft.pickup, dropoff=draft.dropoff, items=draft.items,
        )
        used = None
        if key is not None:
            digest = hashlib.sha256(msgspec.json.encode(draft, order="sorted")).digest()
            used = UsedKey(f"{actor.role}:{actor.sub}:{key}", digest)
        entries = entries_for(order, actor.sub)
        return await self._tell(await self.store.insert(order, entries, used, from_cart=draft.from_cart))

    async def step(
        self, order_id: str, to: Status, actor: Actor, *, note: str | None = None, rev: int | None = None
    ) -> Written | Refused:
        """Take the order to its next status. `rev`: refuse unless this is still its revision."""
        before = await self.store.get(order_id)
        rider_at = await self.where_is(before.rider) if before and before.rider else None

        def decide(order: Order) -> tuple[Order, tuple[Entry, ...]] | Refused:
            if rev is not None and rev != order.rev:
                return Refused("conflict", f"The order is at revision {order.rev}, not {rev}; look again.", "rev")
            refused = check_step(order, to, relation(actor, order.parties))
            if refused is not None:
                return refused
            after = apply_step(order, to, utc_now(), note, rider_at)
            return after, entries_for(after, actor.sub, note)

        return await self._tell(await self.store.change(order_id, decide))

    async def assign(
        self, order_id: str, rider: str, actor: Actor, *,
        instead_of: str | Anybody | None = Anybody.AT_ALL, most: int | None = None,
        also: Also | None = None, more: tuple[Entry, ...] = (),
    ) -> Written | Refused:
        """Give the order to a rider, taking it from the one before; only from `instead_of`, if that is said.

        Refused as `rider_full` when all of the rider's `most` places are taken. `also` and `more` are written with it.
        """

        def decide(order: Order) -> tuple[Order, tuple[Entry, ...]] | Refused:
            refused = check_assignment(order)
            if refused is not None:
                return refused
            if instead_of is not Anybody.AT_ALL and order.rider != instead_of:
                return Refused("conflict", f"The rider is {order.rider} now; look again.", "rider_id")
            after = apply_assignment(order, rider, utc_now())
            return after, (*entries_for(after, actor.sub), *more)

        return await self._tell(await self.store.change(order_id, decide, most=most, also=also))

    async def _tell(self, written: Written | Refused) -> Written | Refused:
        """After the commit: log items first, so that a last item is seen before rights end with it."""
        if isinstance(written, Written) and not written.replayed:
            if self.clear is not None:
                await self.clear(written.order)
            await self.feed.announce_all(written.entries)
            await self.changed(written.order)
        return written
