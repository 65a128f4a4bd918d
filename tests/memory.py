"""Where the run's servers keep their data: in memory, where there is room for it.

A service creates some eighty indexes when it starts, and on a disk each waits for a flush; a killed process loses in
memory exactly what it loses on a disk, nothing. A container with the usual small /dev/shm keeps to the disk.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

SHARED, BEGINNING, ROOM_BYTES = Path("/dev/shm"), "ridewire-tests-", 4 * 2**30


def has_room() -> bool:
    """Whether a few servers' data fit into memory, some 300 MB each, and leave plenty."""
    is_there = SHARED.is_dir() and os.access(SHARED, os.W_OK)
    return is_there and min(shutil.disk_usage(SHARED).free, psutil.virtual_memory().available) > ROOM_BYTES


def clear() -> None:
    """Give back what processes left that were ended before they could."""
    for left in SHARED.glob(f"{BEGINNING}*"):
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def place(otherwise: Path) -> Iterator[Path]:
    """A directory of this process' own in memory, gone after the block; `otherwise` when there is no room."""
    if not has_room():
        yield otherwise
        return
    clear()
    name = f"{BEGINNING}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=name, dir=SHARED, ignore_cleanup_errors=True) as own:
        yield Path(own)
