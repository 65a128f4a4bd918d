"""A peer for each test that wants one."""

from collections.abc import AsyncIterator

import pytest

from tests.client.peer import Peer, listening


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A listening peer."""
    async with listening() as listener:
        yield listener
