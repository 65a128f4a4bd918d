"""What measures fences is machine code: made ahead, wanted by nobody else, and right where it cannot be kept."""

import os
import subprocess
import sys
from pathlib import Path


def said(program: str, **environment: str) -> str:
    """What a process of its own prints, with warnings as errors."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, **environment},
    )
    return run.stdout.strip()


def test_the_server_starts_without_the_compiler() -> None:
    """Only who judges fixes at fences loads numba; who draws and lists fences does not."""
    assert "False" == said("import sys, api.app; print('numba' in sys.modules)")


def test_a_worker_takes_over_before_it_imports_what_only_fences_and_rabbitmq_take() -> None:
    """People wait for the next worker while it imports; numpy, the compiler and that broker's driver are two fifths."""
    assert "set()" == said("import sys, api.worker; print({'numpy', 'numba', 'aio_pika'} & set(sys.modules))")


def test_nothing_is_left_to_compile_for_the_first_fix() -> None:
    """After `prepare`, fixes, edits and fences of all kinds meet code that is there already."""
    program = """
from geo.fences.engine import prepare
prepare()
from numba.core.event import install_recorder
with install_recorder("numba:compile") as record:
    from tests.geo.fences.walks import *
    table, states = FenceTable([Fence("f", disc(60)), Fence("g", square(80))]), {"r1": RiderState()}
    events = [event for at in range(9) for event in advance(table, states, [ping(5 * at, 40 * at - 160)])]
    table.put(Fence("h", square(90_000)))
    table.drop("g")
print(len(record.buffer), *kinds(events))
"""
    assert "0 enter enter exit exit" == said(program)


def test_where_nothing_can_be_kept_it_is_compiled_anew(tmp_path: Path) -> None:
    """A read-only installation without a home directory only begins later."""
    nowhere = tmp_path / "file"
    nowhere.write_text("no directory")
    program = """
from geo.fences.kernel import hash_of
print(hash_of(1, 36_001) == hash_of(1, 1), hash_of.stats.cache_path)
"""
    home = {"XDG_CACHE_HOME": str(nowhere), "HOME": str(nowhere)}
    assert "True None" == said(program, NUMBA_CACHE_LOCATOR_CLASSES="UserWideCacheLocator", **home)
