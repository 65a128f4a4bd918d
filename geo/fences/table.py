"""All fences, and which of them a stretch of road comes near. Edits count at once.

Boxes stand in an R-tree that is built at once and never changed; fences edited since then stand in a short list beside
it until the tree is built anew. Those near the 180° meridian stand on both sides of it.
"""

from collections.abc import Iterable
from math import cos, radians
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from geo.fences.cells import Cells
from geo.fences.fence import Fence
from geo.fences.shape import METRES_A_DEGREE, Shape, circle
from geo.fences.track import Track

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MOST_LOOSE = 128
NEAR_MERIDIAN_DEG = 5.0
PLACES = 6  # columns: lat, lng, metres a degree of longitude, radius_m, metres from the middle to the sides of its box
LEAST_COS = 0.01


# whose fixes, the middle in degrees, its cosine, radius² in degrees², slots of what is being decided all the same
Calm = tuple[Track, float, float, float, float, tuple[int, ...]]


class FenceTable:
    """Fences by id and by slot; `places` hold what measuring needs, a row a slot.

    `calm`: for a rider the circle in which no fence, as they are now, has anything to decide, but those it names. Edits
    end all of them.
    """

    def __init__(self, fences: Iterable[Fence] = ()) -> None:
        self.fences: list[Fence | None] = []
        self.slots: dict[str, int] = {}
        self.places: Floats = np.zeros((16, PLACES))
        self.areas: npt.NDArray[np.object_] = np.empty(16, dtype=object)
        self.boundaries: npt.NDArray[np.object_] = np.empty(16, dtype=object)
        self.edges: Floats = np.zeros((5, 256))  # x, y, dx, dy, length² of the edges of small areas, an area's in a row
        self.first_edge: Ints = np.zeros(16, dtype=np.int64)
        self.edge_count: Ints = np.zeros(16, dtype=np.int64)  # 0: a circle, or an area of too many edges
        self.moving: dict[str, dict[str, None]] = {}  # rider -> the fences that go with them
        self.calm: dict[str, Calm] = {}
        self.cells = Cells()
        self._edges_end = 0
        self.has_areas = False
        self._free: list[int] = []
        self._loose: dict[int, None] = {}
        self._loose_boxes: Floats = np.zeros((0, 4))
        self._loose_slots: Ints = np.zeros(0, dtype=np.int64)
        self.become(fences)

    def __len__(self) -> int:
        return len(self.slots)

    def become(self, fences: Iterable[Fence]) -> None:
        """Take in many fences at once, in a table that has none."""
        for fence in fences:
            self._place(fence)
        self.calm.clear()
        self._build()

    def put(self, fence: Fence) -> None:
        """Add a fence, or change the one with its id."""
        self.drop(fence.id)
        self._loosen(self._place(fence))

    def drop(self, fence_id: str) -> None:
        """Forget a fence; unknown ones are fine."""
        self.calm.clear()
        slot = self.slots.pop(fence_id, None)
        if slot is None:
            return
        gone, self.fences[slot] = self.fences[slot], None
        if gone is not None:
            self.cells.drop(slot, gone.shape.box)
            if gone.rider is not None:
                self._unbind(gone.rider, fence_id)
        self._in_tree[slot : slot + 1] = False
        self.areas[slot] = self.boundaries[slot] = None
        if slot in self._loose:
            del self._loose[slot]
            self._free.append(slot)
        self._refresh_loose()

    def move(self, rider: str, lat: float, lng: float) -> None:
        """Bring the fences that go with this rider to where they are now."""
        for fence_id in list(self.moving.get(rider, ())):
            fence = self.fences[self.slots[fence_id]]
            if fence is not None and (fence.shape.lat, fence.shape.lng) != (lat, lng):
                self.put(msgspec.structs.replace(fence, shape=circle(lat, lng, fence.shape.radius_m)))

    def near(
        self, prev_lat: Floats, prev_lng: Floats, lat: Floats, lng: Floats, around_m: float = 0.0
    ) -> tuple[Ints, Ints]:
        """(row, slot) of every fence whose box comes so near the box of the way from the one point to the other."""
        from_lng = lng + (prev_lng - lng + 180.0) % 360.0 - 180.0
        high = around_m / METRES_A_DEGREE
        wide = high / np.maximum(np.cos(np.radians(lat)), LEAST_COS)
        ends = np.empty((len(lat), 2, 2))
        ends[:, 0, 0], ends[:, 0, 1] = np.minimum(from_lng, lng) - wide, np.minimum(prev_lat, lat) - high
        ends[:, 1, 0], ends[:, 1, 1] = np.maximum(from_lng, lng) + wide, np.maximum(prev_lat, lat) + high
        rows, found = self._tree.query(shapely.linestrings(ends))
        slots = self._tree_slots[found]
        here = self._in_tree[slots]
        if not here.all():
            rows, slots = rows[here], slots[here]
        if len(self._loose_slots):
            low, top, boxes = ends[:, None, 0], ends[:, None, 1], self._loose_boxes[None]
            touches = (low <= boxes[..., 2:]).all(axis=2) & (top >= boxes[..., :2]).all(axis=2)
            more_rows, more = np.nonzero(touches)
            rows, slots = np.concatenate([rows, more_rows]), np.concatenate([slots, self._loose_slots[more]])
        return rows, slots

    def _place(self, fence: Fence) -> int:
        slot = self._free.pop() if self._free else len(self.fences)
        if slot == len(self.fences):
            self.fences.append(None)
        if slot >= len(self.areas):
            self.places = np.resize(self.places, (2 * slot, PLACES))
            for name in ("areas", "boundaries", "first_edge", "edge_count"):
                setattr(self, name, np.resize(getattr(self, name), 2 * slot))
        shape = fence.shape
        self.fences[slot] = fence
        self.slots[fence.id] = slot
        self.cells.put(slot, shape.box)
        if fence.rider is not None:
            self.moving.setdefault(fence.rider, {})[fence.id] = None
        self.places[slot] = _row_of(shape)
        self.areas[slot], self.boundaries[slot] = shape.area, shape.boundary
        self.edge_count[slot] = 0
        if shape.area is not None:
            self.has_areas = True
            self._place_edges(slot, shape.edges())
        return slot

    def _unbind(self, rider: str, fence_id: str) -> None:
        theirs = self.moving[rider]
        del theirs[fence_id]
        if not theirs:
            del self.moving[rider]

    def _place_edges(self, slot: int, edges: Floats) -> None:
        """Small areas are measured by numbers alone, big ones by shapely. Room of dropped ones is not reused."""
        end = self._edges_end + len(edges)
        room = self.edges.shape[1]
        if end > room:
            self.edges = np.concatenate([self.edges, np.zeros((5, max(room, end)))], axis=1)
        self.edges[:4, self._edges_end : end] = edges.T
        self.edges[4, self._edges_end : end] = edges[:, 2] * edges[:, 2] + edges[:, 3] * edges[:, 3]
        self.first_edge[slot], self.edge_count[slot] = self._edges_end, len(edges)
        self._edges_end = end

    def _loosen(self, slot: int) -> None:
        self._loose[slot] = None
        if len(self._loose) > max(MOST_LOOSE, len(self.slots) // 500):
            self._build()
        else:
            self._refresh_loose()

    def _refresh_loose(self) -> None:
        boxes, slots = self._boxes(self._loose)
        self._loose_boxes, self._loose_slots = boxes, slots

    def _build(self) -> None:
        """A new tree of everything."""
        self._free = [slot for slot, fence in enumerate(self.fences) if fence is None]
        self._loose = {}
        self._refresh_loose()
        boxes, self._tree_slots = self._boxes(self.slots.values())
        self._tree = shapely.STRtree(shapely.box(*boxes.T))
        self._in_tree = np.zeros(len(self.fences) + 1, dtype=bool)
        self._in_tree[self._tree_slots] = True

    def _boxes(self, slots: Iterable[int]) -> tuple[Floats, Ints]:
        """West, south, east, north and the slot; twice for what is near the 180° meridian."""
        found: list[Any] = []
        places: list[int] = []
        for slot in slots:
            fence = self.fences[slot]
            assert fence is not None  # noqa: S101 - only slots in use are asked for
            west, south, east, north = fence.shape.box
            for turn in (-360.0, 0.0, 360.0):
                if turn == 0 or (west + turn < 180 + NEAR_MERIDIAN_DEG and east + turn > -180 - NEAR_MERIDIAN_DEG):
                    found.append((west + turn, south, east + turn, north))
                    places.append(slot)
        return np.array(found, dtype=np.float64).reshape(-1, 4), np.array(places, dtype=np.int64)


def _row_of(shape: Shape) -> tuple[float, ...]:
    scale = cos(radians(shape.lat)) * METRES_A_DEGREE
    if shape.area is None:
        return shape.lat, shape.lng, scale, shape.radius_m, shape.radius_m, shape.radius_m
    west, south, east, north = shapely.bounds(shape.area).tolist()
    return shape.lat, shape.lng, scale, 0.0, max(-west, east), max(-south, north)
