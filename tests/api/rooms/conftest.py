"""A second process of the service beside the first."""

from collections.abc import AsyncIterator

import pytest

from infra.settings import Settings
from tests.api.serving import Service, serving


@pytest.fixture
async def other(settings: Settings, service: Service) -> AsyncIterator[Service]:
    """A second process of the same service."""
    async with serving(settings) as process:
        yield process
