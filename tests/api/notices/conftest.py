"""A second process of the service beside the first, and what a worker works with."""

from collections.abc import AsyncIterator

import pytest

from api.consumers import Tools
from infra.settings import Settings
from tests.api.serving import Service, serving


@pytest.fixture
async def other(settings: Settings, service: Service) -> AsyncIterator[Service]:
    """A second process of the same service."""
    async with serving(settings) as process:
        yield process


@pytest.fixture
def tools(service: Service) -> Tools:
    """What a worker would hand to handlers."""
    world = service.app.world
    return Tools(
        settings=service.app.settings, db=world.orders.db, redis=world.board.desk.inbox._redis,
        outbox=world.orders.outbox, log=world.log, feed=world.feed, relay=world.relay,
    )
