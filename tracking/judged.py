"""What is between a phone's report and its answer: reports that wait, and those that are judged and not yet stored."""

from collections.abc import Callable

import msgspec

from tracking.flush import Held
from tracking.messages import Fix, Point
from tracking.state import KeptReport, KeptRider, Outcome


class Waiting(msgspec.Struct, eq=False):
    """A report on its way to Redis. `restore`: it was acked before."""

    rider: str
    client: str
    points: list[Point]
    received_ms: int
    deadline_s: float
    oldest: int | None = None
    battery: float | None = None
    re: int = 0
    answer: Callable[[dict[str, object]], None] | None = None
    restore: KeptReport | None = None


class Stored(msgspec.Struct):
    """A report that Redis has, with what its answer needs. `last_id`: see `Batch`."""

    waiting: Waiting
    outcome: Outcome
    watched: bool
    parked: bool
    last_id: str


class Judged(msgspec.Struct, eq=False):
    """One rider's reports since the last flush, in order, applied to `held`. `fix`: the newest that moved "now"."""

    rider: str
    held: Held
    applied: list[tuple[Waiting, Outcome]]
    fix: Fix | None = None
    points: int = 0

    def apply(self, waiting: Waiting) -> Fix | None:
        """Judge one more report; the fix that is now the rider's newest, if it moved."""
        state = self.held.state
        if waiting.restore is None:
            outcome = state.apply(
                self.rider, waiting.client, waiting.points, waiting.received_ms, waiting.oldest
            )
        else:
            outcome = state.restore(self.rider, waiting.restore)
        self.applied.append((waiting, outcome))
        self.points += len(waiting.points) or 1
        if outcome.fix is not None:
            self.fix = outcome.fix
        return outcome.fix

    @property
    def reports(self) -> list[Waiting]:
        """The reports as they came."""
        return [waiting for waiting, _ in self.applied]

    def kept(self) -> KeptRider | None:
        """What goes to the durable stream."""
        kept = [outcome.kept for _, outcome in self.applied if outcome.kept.points or outcome.kept.refused]
        return KeptRider(self.rider, kept) if kept else None
