"""A learned correction to a routing engine's free-flow times. A value: learned once, checked, then only asked."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracking.eta.flow import ORDINARY_PACE
from tracking.eta.journey import COLUMNS
from tracking.eta.trees import Packed, Trees
from tracking.eta.window import Calibration

Array = NDArray[Any]
FORM = 1  # of the stored document; another form is not read
STATIC, CITY_PACE, ELAPSED = COLUMNS.index("static_s"), COLUMNS.index("city_pace"), COLUMNS.index("elapsed_s")
SHORTEST_S = 15.0
PACE_SHARE = 0.6  # how far the time left follows the city's pace before the trees have their say
LONGEST_S = 4 * 3600.0


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model comes from and how well it did on trips it never saw."""

    trips: int
    samples: int
    first_s: float
    last_s: float
    mae_s: float
    static_mae_s: float
    factor_mae_s: float
    coverage: float


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it is stored."""

    form: int
    columns: tuple[str, ...]
    trees: Packed
    calibration: Calibration
    factor: float
    detour: float
    straight_mps: float
    known: Known


class Model:
    """Predicts seconds left from rows of COLUMNS. `factor` is what the best single multiplier of static would be."""

    def __init__(self, kept: Kept) -> None:
        if kept.form != FORM or kept.columns != COLUMNS:
            raise ValueError("the model was made for other columns")
        self.kept, self.calibration, self.known = kept, kept.calibration, kept.known
        self._trees = Trees.unpack(kept.trees)
        if self._trees.column.max() >= len(COLUMNS):
            raise ValueError("the model's trees ask for columns there are not")

    def left_s(self, rows: Array) -> Array:
        """The median of the seconds left, one a row."""
        left: Array = np.clip(base_s(rows) * np.exp(self._trees.sum(rows)), 0.0, LONGEST_S)
        return left

    def encode(self) -> bytes:
        """For keeping."""
        return msgspec.msgpack.encode(self.kept)

    @classmethod
    def decode(cls, stored: bytes) -> "Model":
        """From what was kept. Raises ValueError when it is damaged or of another form."""
        try:
            return cls(msgspec.msgpack.decode(stored, type=Kept))
        except msgspec.MsgspecError as error:
            raise ValueError(f"the stored model cannot be read: {error}") from error


def base_s(rows: Array) -> Array:
    """What the trees correct: free flow, slowed as the whole city is slowed."""
    base: Array = np.maximum(rows[:, STATIC], SHORTEST_S) * (ORDINARY_PACE / rows[:, CITY_PACE]) ** PACE_SHARE
    return base
