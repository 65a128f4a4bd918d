"""Which riders' fixes this process asks the other processes for: a partition each, held as long as anybody needs it."""

from collections.abc import Callable

import msgspec

from tracking import keys
from tracking.messages import Fix

Unsubscribe = Callable[[], None]
Subscribe = Callable[[str, Callable[[bytes], None]], Unsubscribe]

_decode = msgspec.msgpack.Decoder(tuple[str, list[Fix]]).decode


class Partitions:
    """Counts who needs a partition, and hands every foreign fix to `deliver`. `subscribe` is the relay's."""

    def __init__(self, subscribe: Subscribe, origin: str, deliver: Callable[[list[Fix]], None]) -> None:
        self._subscribe, self._origin, self._deliver = subscribe, origin, deliver
        self._needed: dict[int, int] = {}
        self._open: dict[int, Unsubscribe] = {}

    def hold(self, rider: str) -> None:
        """This rider's fixes are needed once more."""
        self._hold(keys.partition(rider))

    def release(self, rider: str) -> None:
        """This rider's fixes are needed once less."""
        self._release(keys.partition(rider))

    def hold_all(self) -> None:
        """Everybody's fixes are needed."""
        for partition in range(keys.PARTITIONS):
            self._hold(partition)

    def release_all(self) -> None:
        """Everybody's fixes are needed once less."""
        for partition in range(keys.PARTITIONS):
            self._release(partition)

    def _hold(self, partition: int) -> None:
        needed = self._needed.get(partition, 0)
        if not needed:
            self._open[partition] = self._subscribe(keys.positions_topic(partition), self._take)
        self._needed[partition] = needed + 1

    def _release(self, partition: int) -> None:
        self._needed[partition] -= 1
        if not self._needed[partition]:
            del self._needed[partition]
            self._open.pop(partition)()

    def _take(self, payload: bytes) -> None:
        """A process hears its own news too; those it has delivered already."""
        origin, fixes = _decode(payload)
        if origin != self._origin:
            self._deliver(fixes)
