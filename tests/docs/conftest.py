"""The running service that the tests of the API use, here too."""

from tests.api.conftest import service, settings

__all__ = ["service", "settings"]
