"""Our programs as processes forked off one which has imported everything: a start costs a fifth of `python -m`.

Each is a process of its own like any other, with its own loop, connections and memory; it is ended, or killed, and
leaves its log. That `python -m` starts them as well is shown in tests/api/test_processes.py.
"""

import ctypes
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.embedded.process import ROOT, ServerFailed
from tests.waiting import SCALE

PR_SET_PDEATHSIG = 1
GRACE_S = 10.0

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.imported"])


class Forked:
    """A process of the program `module`, which has a `main()`; what it prints goes to the end of `log`."""

    def __init__(self, module: str, words: list[str], log: Path, env: Mapping[str, str]) -> None:
        self.module, self.words, self.log, self.env = module, words, log, dict(env)
        self._running: multiprocessing.context.ForkServerProcess | None = None

    def start(self, is_ready: Callable[[], bool], within_s: float = 60) -> None:
        """Start and return once `is_ready()` holds; raises ServerFailed with the log's end otherwise."""
        running = self._running = _forking.Process(
            target=_run, args=(self.module, self.words, str(self.log), self.env), name=self.module
        )
        running.start()
        deadline = time.monotonic() + within_s * SCALE
        while not is_ready():
            if not running.is_alive() or time.monotonic() > deadline:
                self.stop()
                end = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
                raise ServerFailed(f"{self.module} was not ready within {within_s * SCALE:.0f} s; its log ends:\n{end}")
            running.join(0.05)

    def kill(self) -> None:
        """kill -9, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and after the grace kill -9. Safe to call twice."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        if running.is_alive() and running.pid is not None:
            os.kill(running.pid, number)
        running.join(GRACE_S * SCALE)
        if running.is_alive():
            running.kill()
            running.join(GRACE_S * SCALE)
        running.close()


def _run(module: str, words: list[str], log: str, env: dict[str, str]) -> None:
    """The whole life of the process. Should the tests be killed, the one that forks ends, and this one with it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.environ.update(env)
    os.chdir(ROOT)
    sys.argv = [module, *words]
    sys.exit(importlib.import_module(module).main())
