"""All fences, as the engine asks for them: by id, by slot, and as the arrays in which a batch is measured.

An edit counts at once. Slots of dropped fences are used again.
"""

from collections.abc import Iterable
from math import cos, nan, radians

import msgspec
import numpy as np
import shapely

from geo.fences.arrays import PLACE_COLUMNS, Bools, Floats, Ground, Ints
from geo.fences.cells import Cells
from geo.fences.edges import Edges
from geo.fences.fence import Fence
from geo.fences.shape import METRES_A_DEGREE, Shape, circle
from geo.fences.track import Track

# whose fixes, the middle in degrees, its cosine, radius² in degrees², slots of what is being decided all the same
Calm = tuple[Track, float, float, float, float, tuple[int, ...]]


class FenceTable:
    """Fences by id and by slot; `ground` holds what measuring needs.

    `calm`: for a rider the circle in which no fence, as they are now, has anything to decide, but those it names. Edits
    end all of them.
    """

    def __init__(self, fences: Iterable[Fence] = ()) -> None:
        self.fences: list[Fence | None] = []
        self.slots: dict[str, int] = {}
        self.moving: dict[str, dict[str, None]] = {}  # rider -> the fences that go with them
        self.calm: dict[str, Calm] = {}
        self._free: list[int] = []
        self._cells, self._edges = Cells(), Edges()
        self._places: Floats = np.zeros((0, PLACE_COLUMNS))
        self._is_quiet: Bools = np.zeros(0, dtype=bool)
        self._make_room(16)
        for fence in fences:
            self.put(fence)

    def __len__(self) -> int:
        return len(self.slots)

    @property
    def ground(self) -> Ground:
        """All of it as arrays, until the next edit."""
        return Ground(
            self._places, self._is_quiet, self._edges.outlines, self._cells.index, self._is_taken, self._near
        )

    def put(self, fence: Fence) -> None:
        """Add a fence, or change the one with its id."""
        self.drop(fence.id)
        slot = self._free.pop() if self._free else len(self.fences)
        if slot == len(self.fences):
            self.fences.append(None)
            if slot == len(self._places):
                self._make_room(2 * slot)
        shape = fence.shape
        self.fences[slot] = fence
        self.slots[fence.id] = slot
        if fence.rider is not None:
            self.moving.setdefault(fence.rider, {})[fence.id] = None
        self._places[slot] = _row_of(shape)
        self._is_quiet[slot] = fence.is_quiet
        self._edges.put(slot, shape.edges())
        self._cells.put(slot, shape.box)

    def drop(self, fence_id: str) -> None:
        """Forget a fence; unknown ones are fine."""
        self.calm.clear()
        slot = self.slots.pop(fence_id, None)
        gone = None if slot is None else self.fences[slot]
        if slot is None or gone is None:
            return
        self.fences[slot] = None
        self._free.append(slot)
        self._places[slot] = nan
        self._edges.drop(slot)
        self._cells.drop(slot, gone.shape.box)
        if gone.rider is not None:
            self._unbind(gone.rider, fence_id)

    def move(self, rider: str, lat: float, lng: float) -> None:
        """Bring the fences that go with this rider to where they are now."""
        for fence_id in list(self.moving.get(rider, ())):
            fence = self.fences[self.slots[fence_id]]
            if fence is not None and (fence.shape.lat, fence.shape.lng) != (lat, lng):
                self.put(msgspec.structs.replace(fence, shape=circle(lat, lng, fence.shape.radius_m)))

    def _make_room(self, slots: int) -> None:
        places, is_quiet = np.full((slots, PLACE_COLUMNS), nan), np.zeros(slots, dtype=bool)
        places[: len(self._places)], is_quiet[: len(self._places)] = self._places, self._is_quiet
        self._places, self._is_quiet = places, is_quiet
        self._is_taken: Bools = np.zeros(slots, dtype=bool)
        self._near: Ints = np.zeros(slots, dtype=np.int64)

    def _unbind(self, rider: str, fence_id: str) -> None:
        theirs = self.moving[rider]
        del theirs[fence_id]
        if not theirs:
            del self.moving[rider]


def _row_of(shape: Shape) -> tuple[float, ...]:
    scale = cos(radians(shape.lat)) * METRES_A_DEGREE
    if shape.area is None:
        return shape.lat, shape.lng, scale, shape.radius_m, shape.radius_m, shape.radius_m
    west, south, east, north = shapely.bounds(shape.area).tolist()
    return shape.lat, shape.lng, scale, 0.0, max(-west, east), max(-south, north)
