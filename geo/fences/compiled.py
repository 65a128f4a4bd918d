"""Functions made machine code by numba at their first call, and kept for the next process where that can be written.

Kept under `NUMBA_CACHE_DIR`, else beside the source in `__pycache__`, else in the home directory; where none can be
written, each process compiles anew. numba notices that a function's own file changed, and no other: what is compiled
together stands in one file, `kernel.py`.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The same function, quicker: with float64, int64 and arrays of them alone."""
    try:
        return cast(F, njit(cache=True, error_model="numpy")(function))
    except RuntimeError:  # no place for a cache
        return cast(F, njit(error_model="numpy")(function))
