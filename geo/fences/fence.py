"""A fence: where it is and what it tells of. What is not told of is watched all the same."""

import msgspec

from geo.fences.events import FENCE_KINDS, Kind
from geo.fences.shape import Shape


class Fence(msgspec.Struct, frozen=True):
    """`rider`: whom it goes with, if anybody, who is never told of it. `dwell_s`: how long a stay is told as `dwell`.

    `speed_limit_mps`: from where on it is told as `speeding`.
    """

    id: str
    shape: Shape
    name: str = ""
    kinds: frozenset[Kind] = frozenset(FENCE_KINDS)
    dwell_s: float | None = None
    speed_limit_mps: float | None = None
    rider: str | None = None

    @property
    def is_quiet(self) -> bool:
        """Is there nothing to tell of a rider who just stays?"""
        return self.dwell_s is None and self.speed_limit_mps is None
