"""One RabbitMQ and one Valkey for all of the contract, and queues of its own for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from events.consumer import Consumers
from events.once import Once
from events.reaction import Table
from events.topology import Queue, Topology
from events.transport import Transport
from infra.clients import Database
from tests.ending import over
from tests.events.contract.brokers import Rabbit, Streams, make, open_transport

KINDS = ("rabbitmq", "redis")


@pytest.fixture(scope="session", params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit | Streams]:
    """Each kind in turn: what one promises, the other promises too."""
    started = make(request.param, tmp_path_factory.mktemp(request.param))
    yield started
    started.server.stop()


@pytest.fixture
def topology(prefix: str) -> Topology:
    """Two queues that nobody else has, and delays that a test can wait for."""
    return Topology(
        exchange=prefix, delays_s=(0.1, 0.2),
        queues=(
            Queue(name=f"{prefix}.stock", keys=("order.*",), about="orders"),
            Queue(name=f"{prefix}.mail", keys=("order.created", "chat.#"), about="mail"),
        ),
    )


@pytest.fixture
async def transport(broker: Rabbit | Streams, topology: Topology) -> AsyncIterator[Transport]:
    """A transport to the broker, everything declared."""
    async with open_transport(broker.kind, broker.url, topology) as transport:
        await transport.declare()
        yield transport


class Running:
    """Consumers at work in this process."""

    def __init__(self, transport: Transport, db: Database, table: Table) -> None:
        self.stop = asyncio.Event()
        self.consumers = Consumers(transport, Once(db), table, db)
        self.tasks = [
            asyncio.ensure_future(self.consumers.run(queue.name, self.stop)) for queue in transport.topology.queues
        ]

    async def end(self) -> None:
        """Stop as on SIGTERM, and wait for it."""
        self.stop.set()
        await over(*self.tasks)
