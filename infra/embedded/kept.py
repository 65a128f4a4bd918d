"""A child that is started again when it ends: at once the first time, later each time it ends young."""

import threading
import time
from collections.abc import Callable

from infra.embedded.process import ServerFailed, ServerProcess

FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_AFTER_S = 0.5, 15.0, 30.0


class Kept:
    """Watches one started process from a thread of its own; `told` hears, in words, of each end and each new start."""

    def __init__(
        self, process: ServerProcess, is_ready: Callable[[], bool], told: Callable[[str], None], within_s: float = 60
    ) -> None:
        self.process, self.is_ready, self.told, self.within_s = process, is_ready, told, within_s
        self.restarts = 0
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"keeps {process.name}", daemon=True)

    def start(self) -> "Kept":
        """Start the process, unless it runs already, and keep it from now on; raises ServerFailed."""
        if self.process.warden is None:
            self.process.start(self.is_ready, self.within_s)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop the process for good. Safe to call twice."""
        self._stopping.set()
        with self._lock:
            self.process.stop()
        if self._thread.is_alive():
            self._thread.join(5)

    def _keep(self) -> None:
        wait_s, since_s = FIRST_WAIT_S, time.monotonic()
        while not self._stopping.is_set():
            code = self.process.wait()
            if self._stopping.is_set():
                return
            wait_s = FIRST_WAIT_S if time.monotonic() - since_s > STEADY_AFTER_S else wait_s
            self.told(f"{self.process.name} ended (exit code {code}); starting it again in {wait_s:.1f} s")
            if self._stopping.wait(wait_s):
                return
            wait_s, since_s = min(2 * wait_s, LONGEST_WAIT_S), time.monotonic()
            self._again()

    def _again(self) -> None:
        """One new start; a failed one is told and tried again like an end."""
        with self._lock:
            if self._stopping.is_set():
                return
            self.process.stop()
            try:
                self.process.start(self.is_ready, self.within_s)
            except ServerFailed as error:
                self.told(str(error))
                return
            self.restarts += 1
        self.told(f"{self.process.name} is up again")
