"""Says in the run's summary which recorded city was absent, so that a green run never hides it."""

import pytest

from tests.city.cities import NOT_RUN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One plain line when Porto's extract is not there."""
    if NOT_RUN:
        terminalreporter.write_line(NOT_RUN)
