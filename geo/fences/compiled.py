"""Functions made machine code by numba at their first call, and kept for the next process where that can be written.

Kept under `NUMBA_CACHE_DIR`, else beside the source in `__pycache__`, else in the home directory; where none can be
written, each process compiles anew. numba notices that a function's own file changed, and no other: what is compiled
together stands in one file, `kernel.py`.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The same function, quicker: with float64, int64 and arrays of them alone, and it makes no arrays.

    So arrays need not be counted in and out (`_nrt`) at each call, which would take longer than looking at a fence.
    """
    options: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
    try:
        return cast(F, njit(cache=True, **options)(function))
    except RuntimeError:  # no place for a cache
        return cast(F, njit(**options)(function))
