"""What is known of all fences, as the flat arrays that `kernel.py` walks through. The table keeps them; see there."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]
PLACE_COLUMNS, EDGE_COLUMNS, HEAD_COLUMNS, BOX_COLUMNS = 6, 5, 3, 4
RUN = 16  # edges that share a box


class Outlines(NamedTuple):
    """Edges of areas, an area's in a row from `first[slot]`, a multiple of RUN, on; a circle has a `size` of 0.

    `edges`: x, y, dx, dy in metres from the area's middle, and 1/length². `boxes`, one a RUN of edges: west, south,
    east, north in the same metres.
    """

    first: Ints
    size: Ints
    edges: Floats
    boxes: Floats


class Index(NamedTuple):
    """Slots by cell: a head has some of them in a row, those of all cells that share it.

    `heads`: the first of the row, how many, and for how many there is room. `boxes`, one a slot: the fence's middle,
    lat and lng, and how far around it looks for fixes, north and east, in degrees. `everywhere`: slots of fences too
    large for cells, which are in all of them.
    """

    heads: Ints
    slots: Ints
    boxes: Floats
    everywhere: Ints


class Ground(NamedTuple):
    """All fences, a row a slot.

    `places`: lat (not a number for a slot that nobody uses), lng, metres a degree of longitude there, radius in m (0
    for an area), and metres from the middle to the sides of its box. `is_quiet`: nothing to tell of who just stays.
    `is_taken` and `near` are for the kernel's notes, and hold nothing between two calls.
    """

    places: Floats
    is_quiet: Bools
    outlines: Outlines
    cells: Index
    is_taken: Bools
    near: Ints
