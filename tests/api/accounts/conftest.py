"""People who sign up at a running service."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from infra.settings import Settings
from tests.api.accounts.mailbox import Mailbox, mailbox
from tests.api.accounts.people import Newcomers
from tests.api.serving import Service, serving


@pytest.fixture
def newcomers(service: Service) -> Newcomers:
    """Whoever comes to this service without a token."""
    return Newcomers(service)


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    """Everybody's mailbox."""
    async with mailbox() as box:
        yield box


@pytest.fixture
async def reachable(settings: Settings, database: object, box: Mailbox) -> AsyncIterator[Newcomers]:
    """People at a service that can write to them."""
    own = msgspec.structs.replace(settings, smtp_url=box.url, mail_from="Shop <no-reply@shop.example>")
    async with serving(own) as service:
        yield Newcomers(service)
