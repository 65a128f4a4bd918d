"""The use cases of offers: begin, accept, decline, withdraw; and the sweep that asks the next rider in time.

Every process sweeps. Who moves an offer on is decided by the store, so a rider is asked once, whoever notices first.
"""

import asyncio
from datetime import timedelta

import structlog

from api.errors import Refused
from api.offers.offer import MOVES_ON, Offer, State, closed, entries, exhausted, opened
from api.offers.store import OfferStore
from api.orders.desk import OrderDesk, utc_now
from api.orders.dispatch import Dispatch
from api.orders.order import Order
from api.orders.store import Session, Written
from api.rights import ENDED, Actor
from api.telling import Announcement, Feed

log = structlog.get_logger(__name__)
SWEEP_EVERY_S = 0.5
RETRY_S = 2.0
CLOCKS_S = 1.0  # an answer sent in the last moment still counts


class OfferDesk:
    """Asks riders in the order `dispatch` ranks them, each for `within_s` seconds."""

    def __init__(
        self, store: OfferStore, dispatch: Dispatch, desk: OrderDesk, feed: Feed, *, within_s: float
    ) -> None:
        self.store, self.dispatch, self.desk, self.feed, self.within_s = store, dispatch, desk, feed, within_s

    async def begin(self, order: Order, actor: Actor) -> Offer | Refused:
        """Ask the first rider. An order that is being offered goes on as it is."""
        if order.status in ENDED or order.rider is not None:
            return Refused("illegal_step", f"The order is {order.status} and has the rider {order.rider}.", "rider_id")
        before = await self.store.get(order.id)
        if before is not None and before.state == "open":
            return before
        return await self._ask_next(before, order, actor.sub)

    async def accept(self, offer: Offer, actor: Actor) -> Written | Refused:
        """The order is the rider's, if the offer still is."""
        now = utc_now()
        after = closed(offer, "accepted", now)
        over = Refused("offer_over", "This offer is over.")
        if offer.state != "open" or offer.expires_at is None or now > offer.expires_at + timedelta(seconds=CLOCKS_S):
            return over

        async def also(session: Session) -> Refused | None:
            return None if await self.store.replace(offer, after, session) else over

        return await self.desk.assign(
            offer.order, actor.sub, actor, instead_of=None, most=self.dispatch.most, also=also,
            more=entries(after, None),
        )

    async def decline(self, offer: Offer) -> Offer | Refused:
        """The next rider is asked."""
        if offer.state != "open":
            return Refused("offer_over", "This offer is over.")
        return await self._close(offer, "declined")

    async def order_changed(self, order: Order) -> None:
        """An order that has a rider, or has ended, is offered no more."""
        if order.rider is None and order.status not in ENDED:
            return
        offer = await self.store.get(order.id)
        if offer is not None and (offer.state == "open" or offer.state in MOVES_ON):
            await self._move(offer, closed(offer, "withdrawn", utc_now()))

    async def run(self) -> None:
        """Move on what is due, for as long as the process lives."""
        while True:
            try:
                for offer in await self.store.due(utc_now()):
                    await self._overdue(offer)
            except Exception as error:  # MongoDB or Redis away: what is due stays due
                log.warning("offers wait", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(RETRY_S)
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _overdue(self, offer: Offer) -> None:
        if offer.state == "open":
            await self._close(offer, "expired")
            return
        order = await self.desk.store.get(offer.order)
        if order is not None and order.rider is None and order.status not in ENDED:
            await self._ask_next(offer, order, offer.by)
        else:
            await self._move(offer, closed(offer, "withdrawn", utc_now()))

    async def _close(self, offer: Offer, state: State) -> Offer | Refused:
        """The rider's answer, or none; then the next rider's turn."""
        after = closed(offer, state, utc_now())
        refused = await self._move(offer, after)
        if refused is not None:
            return refused
        order = await self.desk.store.get(offer.order)
        if order is None or order.rider is not None or order.status in ENDED:
            return after
        return await self._ask_next(after, order, offer.by)

    async def _ask_next(self, before: Offer | None, order: Order, by: str) -> Offer | Refused:
        asked = before.asked if before is not None and before.state in MOVES_ON else ()
        for near in await self.dispatch.candidates(order, without=asked):
            after = opened(before, order, near, by=by, now=utc_now(), within_s=self.within_s)
            refused = await self._move(before, after)
            if refused is None or refused.code != "rider_full":
                return refused or after
        nobody = exhausted(before, order, by=by, now=utc_now())
        return await self._move(before, nobody) or nobody

    async def _move(self, before: Offer | None, after: Offer) -> Refused | None:
        written = await self.store.swap(before, after, self.dispatch.most)
        if isinstance(written, Refused):
            return written
        await self._announce(written)
        return None

    async def _announce(self, written: tuple[Announcement, ...]) -> None:
        await self.feed.announce_all(written)
