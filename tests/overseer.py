"""Ends a test that hangs, wherever it hangs, and says at once which one failed.

pytest-timeout raises once and lets go of a test as soon as it fails, so a fixture that hangs while a failed test is
cleared up would hold the run for ever. Here the exception comes again until pytest has left the test, and the process
ends if even that does not help.
"""

import asyncio
import faulthandler
import os
import signal
from collections.abc import Iterator
from typing import Any, TextIO

import pytest

AGAIN_S = 3  # between two exceptions: time enough for a fixture to clear up
EXCEPTIONS = 4  # a test has that many before its process ends
_terminal: list[TextIO] = []


def pytest_configure(config: pytest.Config) -> None:
    """Keep a way to the terminal that no capture is laid over."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        _terminal.append(os.fdopen(os.dup(2), "w", buffering=1))


def _stop(*_: object) -> None:
    """Say where everything stands, then raise there."""
    faulthandler.dump_traceback(_terminal[0], all_threads=True)
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:
        tasks = set()
    for task in tasks:
        task.print_stack(limit=6, file=_terminal[0])
    pytest.fail("took too long; the terminal shows where it stood")


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    """Instead of pytest-timeout's own: again and again, and at last the end of the process."""
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout, AGAIN_S)
    faulthandler.dump_traceback_later(settings.timeout + EXCEPTIONS * AGAIN_S, exit=True, file=_terminal[0])
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer() -> bool:
    """Not yet: pytest-timeout asks for this as soon as a test fails, before its fixtures are cleared up."""
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The test and its fixtures are over: now it cannot hang."""
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure when it happens; a run that is cut short has then said what it knew."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        reason = report.longreprtext.rstrip().splitlines()[-12:]
        print(f"\nFAILED ({report.when}) {report.nodeid}", *reason, sep="\n    ", file=_terminal[0])
