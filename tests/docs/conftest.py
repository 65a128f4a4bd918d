"""The running service that the tests of the API use, here too."""

from tests.api.conftest import database, database_name, service, settings, shelf

__all__ = ["database", "database_name", "service", "settings", "shelf"]
