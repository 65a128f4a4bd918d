"""Every process hears of an order's change and acts on its own sockets: views switched, rights checked, guests cut off.

Between processes only the id travels; each reads the order again where somebody watches it. A slow sweep compares
revisions, so that nothing a broken relay or a crash right after a commit has swallowed stays wrong for long.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import msgspec
import structlog

from api.orders.order import Order
from api.orders.share import Shares
from api.orders.store import OrderStore
from api.rights import Actor

log = structlog.get_logger(__name__)
TOPIC = "orders"
SWEEP_EVERY_S = 5.0
RETRY_S = 1.0
MOST_WAITING = 10_000
REVOKED = 4501


class Word(msgspec.Struct, array_like=True):
    """What travels on the relay. Open to more fields behind these, so that two versions can run at once."""

    origin: str
    order: str
    links_ended: bool = False


class Relay(Protocol):
    """Pub/sub between the processes: `live.relay.Relay`."""

    on_continuity_lost: list[Callable[[], None]]

    def subscribe(self, topic: str, handler: Callable[[bytes], None]) -> Callable[[], None]:
        """Hear the topic until the returned function is called."""

    def publish(self, topic: str, payload: bytes) -> Awaitable[object]:
        """Say it to every process, this one included."""


CloseWhere = Callable[[Callable[[Actor], bool], int, str], object]


class OrderNews:
    """Tells and hears. `watched`: the orders somebody watches here; `apply`: act on one that changed.

    `catch_up` brings a channel's log up to date first, so that a last item is seen before rights end with it.
    """

    def __init__(
        self, store: OrderStore, shares: Shares, relay: Relay, *, watched: Callable[[], Iterable[str]],
        apply: Callable[[Order], Awaitable[None]], catch_up: Callable[[str], Awaitable[None]], close_where: CloseWhere,
    ) -> None:
        self.store, self.shares, self.relay = store, shares, relay
        self.watched, self.apply, self.catch_up, self.close_where = watched, apply, catch_up, close_where
        self.origin = secrets.token_hex(6)
        self.known: dict[str, int] = {}  # orders watched here, and the revision last acted on
        self._waiting: dict[str, bool] = {}  # order: have its links ended; one place an order, the newest state is read
        self._sweep_now = False
        self._awake = asyncio.Event()

    async def changed(self, order: Order) -> None:
        """After a commit: act here at once, tell the others. What fails here is made good by the sweep."""
        try:
            await self._act(order)
        except Exception as error:
            log.warning("an order's change will be applied late", order=order.id, error=str(error))
            self._put(order.id, False)
        await self._publish(Word(self.origin, order.id))

    async def links_ended(self, order_id: str) -> None:
        """The order's share links were revoked: cut off its guests here and elsewhere."""
        self._close_guests(order_id)
        await self._publish(Word(self.origin, order_id, links_ended=True))

    async def run(self) -> None:
        """Work off what was heard, for as long as the process lives."""
        self.relay.on_continuity_lost.append(self._lost)
        stop = self.relay.subscribe(TOPIC, self._heard)
        try:
            while True:
                await self._wait()
                try:
                    await self._work()
                except Exception as error:  # MongoDB or Redis away: everything stays queued
                    log.warning("orders could not be read again", error=f"{type(error).__name__}: {error}")
                    self._sweep_now = True
                    await asyncio.sleep(RETRY_S)
        finally:
            stop()
            self.relay.on_continuity_lost.remove(self._lost)

    async def _act(self, order: Order) -> None:
        await self.apply(order)
        if order.id in self.known:
            self.known[order.id] = order.rev

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(SWEEP_EVERY_S):
                await self._awake.wait()
        except TimeoutError:
            self._sweep_now = True
        self._awake.clear()

    async def _work(self) -> None:
        if self._sweep_now:
            await self._sweep()
            self._sweep_now = False
        while self._waiting:
            order_id, links_ended = self._waiting.popitem()
            if links_ended:
                self._close_guests(order_id)
            try:
                order = await self.store.get(order_id) if order_id in set(self.watched()) else None
                if order is not None:
                    await self.catch_up(f"order:{order.id}")
                    await self._act(order)
            except BaseException:
                self._put(order_id, False)
                raise

    async def _sweep(self) -> None:
        """Queue every order watched here whose revision has moved on, and cut off guests whose link is gone."""
        watched = list(self.watched())
        revisions = await self.store.revisions(watched) if watched else {}
        for order_id, rev in revisions.items():
            if self.known.get(order_id, rev) != rev:
                self._put(order_id, False)
        self.known = {order_id: self.known.get(order_id, rev) for order_id, rev in revisions.items()}
        await self._sweep_guests()

    async def _sweep_guests(self) -> None:
        guests: set[str] = set()

        def note(actor: Actor) -> bool:
            if actor.role == "guest":
                guests.add(actor.token_id)
            return False

        self.close_where(note, REVOKED, "")
        gone = guests - await self.shares.live(list(guests)) if guests else guests
        if gone:
            self.close_where(lambda actor: actor.token_id in gone, REVOKED, "this share link was ended")

    def _heard(self, payload: bytes) -> None:
        try:
            word = msgspec.msgpack.decode(payload, type=Word)
        except msgspec.MsgspecError as error:
            log.warning("a word about an order could not be read", error=str(error))
            return
        if word.origin != self.origin:
            self._put(word.order, word.links_ended)

    def _lost(self) -> None:
        self._sweep_now = True
        self._awake.set()

    def _put(self, order_id: str, links_ended: bool) -> None:
        """Queue an order. Beyond the bound the queue is dropped for one sweep, which looks at all of them."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._sweep_now = True
        self._waiting[order_id] = links_ended or self._waiting.get(order_id, False)
        self._awake.set()

    def _close_guests(self, order_id: str) -> None:
        self.close_where(
            lambda actor: actor.role == "guest" and actor.order == order_id, REVOKED, "this share link was ended"
        )

    async def _publish(self, word: Word) -> None:
        try:
            await self.relay.publish(TOPIC, msgspec.msgpack.encode(word))
        except Exception as error:  # the change is committed; the others' sweeps will find it
            log.warning("an order's change was not published", order=word.order, error=str(error))
