"""Runs one command and takes it down when the parent is gone, however the parent died.

The parent holds our standard input open and never writes. End of file means that it stopped or was killed: then every
descendant gets SIGTERM, and after the grace time SIGKILL. We are a subreaper, so daemons that a server leaves behind
(Erlang's epmd) stay our descendants and go too.
Should we be killed ourselves, the kernel terminates the server.
Usage: python -m infra.embedded.warden GRACE_S COMMAND...
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def end(descendants: list[psutil.Process], grace_s: float) -> None:
    """Ask every process to stop, then make the rest."""
    for process in descendants:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(descendants, timeout=grace_s)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def main() -> None:
    """Start the command, wait for the parent to let go or the command to end, and leave nothing behind."""
    grace_s, command = float(sys.argv[1]), sys.argv[2:]
    # The terminal's Ctrl-C reaches the whole group; only the parent decides when a server stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0),
    )

    def watch_parent() -> None:
        while os.read(0, 1024):
            pass
        end(psutil.Process().children(recursive=True), grace_s)

    threading.Thread(target=watch_parent, daemon=True).start()
    code = child.wait()
    end(psutil.Process().children(recursive=True), grace_s)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
