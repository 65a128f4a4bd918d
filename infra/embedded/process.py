"""One server as a child process: started under the warden, asked until ready, stopped cleanly."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


class ServerFailed(RuntimeError):
    """A server did not come up; the message holds its name, the wait and the end of its log."""


class ServerProcess:
    """A child under the warden, with its log in a file of its own."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, grace_s: float = 10
    ) -> None:
        self.name, self.command, self.log, self.grace_s = name, list(command), log, grace_s
        self.env = dict(env or {})
        self.warden: subprocess.Popen[bytes] | None = None

    def start(self, is_ready: Callable[[], bool], within_s: float = 60) -> None:
        """Start and return once `is_ready()` holds; raises ServerFailed with the log's end otherwise."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, **self.env, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self.warden = subprocess.Popen(
                [sys.executable, "-m", "infra.embedded.warden", str(self.grace_s), *self.command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, env=env, cwd=ROOT,
            )
        deadline = time.monotonic() + within_s
        while not is_ready():
            if self.warden.poll() is not None or time.monotonic() > deadline:
                self.stop()
                end = f"its log {self.log} ends:\n{self.tail()}"
                raise ServerFailed(f"{self.name} was not ready within {within_s:.0f} s; {end}")
            time.sleep(0.05)

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def pids(self) -> list[int]:
        """The server's own processes (not the warden)."""
        if self.warden is None or self.warden.poll() is not None:
            return []
        return [child.pid for child in psutil.Process(self.warden.pid).children(recursive=True)]

    def wait(self) -> int:
        """Block until the process ends, and return its exit code (0 when it never ran)."""
        warden = self.warden
        return warden.wait() if warden is not None else 0

    def kill(self) -> None:
        """kill -9 the server, as a crash would; the warden ends with it."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Let go: the warden stops the server and everything it started. Safe to call twice."""
        warden, self.warden = self.warden, None
        if warden is None:
            return
        if warden.stdin is not None:
            warden.stdin.close()
        warden.wait(self.grace_s + 15)
