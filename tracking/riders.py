"""The riders this process has at hand: a bounded copy of what Redis holds, which is the authority.

A copy may be stale, because a rider may have moved to another process and back: storing it then fails by
compare-and-set and it is read again. What Redis does not know (a new phone, or state it lost) is read from the tracks
in MongoDB.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec

from tracking.acceptance import Spot
from tracking.flush import Held
from tracking.messages import Fix
from tracking.seqs import Seqs
from tracking.state import RiderState
from tracking.store import TrackingStore

MOST_RIDERS = 20_000


class Remembered(msgspec.Struct):
    """What the tracks tell of a rider: where they were last, and the handled seqs of each phone."""

    newest: Fix | None = None
    clients: dict[str, Seqs] = {}


Recall = Callable[[str], Awaitable[Remembered]]


class Riders:
    """Copies by rider; the one used longest ago makes room."""

    def __init__(self, store: TrackingStore, recall: Recall, *, most: int = MOST_RIDERS) -> None:
        self.store, self.recall, self.most = store, recall, most
        self._held: OrderedDict[str, Held] = OrderedDict()

    def ready(self, rider: str, client: str) -> Held | None:
        """The copy, if it is here and knows this phone."""
        held = self._held.get(rider)
        if held is None or not held.state.knows(client):
            return None
        self._held.move_to_end(rider)
        return held

    def forget(self, rider: str) -> None:
        """The copy is not what Redis has (any more)."""
        self._held.pop(rider, None)

    async def load(self, wanted: Mapping[str, Collection[str]]) -> list[str]:
        """Read riders from Redis; gives those whose phones Redis does not know. Raises StoreDown."""
        unknown = []
        for (rider, clients), held in zip(wanted.items(), await self.store.load(list(wanted)), strict=True):
            self._keep(rider, held)
            if not all(held.state.knows(client) for client in clients):
                unknown.append(rider)
        return unknown

    async def remember(self, rider: str, clients: Collection[str]) -> None:
        """Complete a rider from the tracks; a phone that is not there either starts from nothing."""
        remembered = await self.recall(rider)
        held = self._held.get(rider)
        if held is None:
            return
        if not held.version:
            held.state = _state_from(remembered)
        for client in clients:
            if not held.state.knows(client):
                held.state.learn(client, remembered.clients.get(client) or Seqs())

    def _keep(self, rider: str, held: Held) -> None:
        self._held[rider] = held
        self._held.move_to_end(rider)
        while len(self._held) > self.most:
            self._held.popitem(last=False)


def _state_from(remembered: Remembered) -> RiderState:
    """A state for a rider of whom Redis knows nothing, so that "now" and the seqs never go back."""
    state = RiderState(newest=remembered.newest)
    if remembered.newest is not None:
        fix = remembered.newest
        state.trail.append(Spot(fix.ts, fix.lat, fix.lng, fix.accuracy or 0.0))
    for client, seqs in remembered.clients.items():
        state.learn(client, seqs)
    return state
