"""The worker as a process: it starts when it can, gives up with its reason, and ends with its job done."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from events.amqp.standing import declare
from events.amqp.transport import AmqpTransport
from events.outbox import Outbox
from events.topology import Topology
from infra.clients import Database, connect_rabbitmq
from infra.embedded.ports import free_port
from infra.embedded.rabbitmq import RabbitMQ
from infra.settings import Settings
from tests.api.bus.staffed import staffed
from tests.api.programs import Program
from tests.events.contract.brokers import Rabbit
from tests.waiting import until


@pytest.fixture
async def rabbit(tmp_path: Path) -> AsyncIterator[Rabbit]:
    """A RabbitMQ of this test's own."""
    server = await asyncio.to_thread(RabbitMQ(tmp_path / "rabbitmq").start)
    yield Rabbit(server)
    await asyncio.to_thread(server.stop)


async def test_without_its_broker_a_worker_tries_again_and_gives_up_with_the_reason(
    programs: list[Program], env: dict[str, str], tmp_path: Path
) -> None:
    """Exit 1 after its patience, and its last words name the broker."""
    dead = {"RABBITMQ_URL": f"amqp://guest:guest@127.0.0.1:{free_port()}/"}
    program = Program(tmp_path / "log", env | dead, "api.worker", "--only", "relay", "--patience", "2")
    programs.append(program)
    assert 1 == await program.ended()
    assert program.said().count("waiting for servers") >= 2
    assert "RabbitMQ" in program.said().splitlines()[-1]


async def test_on_sigterm_the_job_in_hand_is_done_and_acknowledged_and_none_is_begun(
    programs: list[Program], env: dict[str, str], tmp_path: Path, database: Database
) -> None:
    """Of seventeen jobs sixteen are in hand at once; they are done when it exits with 0, the last one is not begun."""
    outbox = Outbox(database)
    for number in range(17):
        await outbox.add("CACHE_INVALIDATE", {"keys": [str(number)]}, session=None)
    plugin = {"EVENT_PLUGINS": "tests.api.bus.plugins:SLOW"}
    worker = Program(tmp_path / "log", env | plugin, "api.worker", "--only", "relay", "--only", "plugins")
    programs.append(worker)

    async def begun() -> bool:
        return 16 == await database.jobs.count_documents({"begun": {"$exists": True}})

    await until(begun, within_s=30)
    worker.child.send_signal(signal.SIGTERM)
    assert 0 == await worker.ended()
    assert (16, 16) == (
        await database.jobs.count_documents({"begun": {"$exists": True}}),
        await database.jobs.count_documents({"ended": {"$exists": True}}),
    )
    assert "plugin.slow" in worker.said()


async def test_a_worker_that_is_connected_and_stays_deaf_ends_with_the_reason(
    programs: list[Program], env: dict[str, str], tmp_path: Path, rabbit: Rabbit
) -> None:
    """Its queue was made anew under it and is barred to it: it connects anew once, in vain, and exits with 1."""
    for words in (("add_user", "worker", "who listens"), ("set_permissions", "worker", ".*", ".*", ".*")):
        await rabbit.control(*words)
    broker = AmqpTransport(lambda: connect_rabbitmq([rabbit.url]), Topology())
    env |= {"RABBITMQ_URL": rabbit.url.replace("guest:guest", "worker:who%20listens")}
    worker = Program(tmp_path / "log", env, "api.worker", "--only", "analytics", "--look-every", "0.5")
    programs.append(worker)

    async def listens() -> bool:
        return "consuming" in worker.said() and 1 == (await broker.depths()).queues["analytics"].consumers

    await until(listens, within_s=40)
    await rabbit.control("set_permissions", "worker", ".*", ".*", "^(?!analytics$).*")
    await rabbit.forget(broker.topology, "analytics")

    async def is_told() -> bool:
        return "cancelled by the broker" in worker.said()

    # Made anew within milliseconds, RabbitMQ 3.10 may give the new queue the old consumer and tell it nothing.
    await until(is_told, within_s=30)
    await broker.close()
    await broker.declare()
    assert 1 == await worker.ended(60)
    await broker.close()
    lines = worker.said().splitlines()
    assert any("connected and deaf, connecting anew" in line for line in lines)
    last = json.loads(lines[-1])
    assert ("the worker gives up", "analytics") == (last["event"], last["reason"].partition(":")[0])
    assert "we hear nothing" in last["reason"]


async def test_a_queue_that_is_made_anew_at_once_is_heard_after_a_silence(
    settings: Settings, rabbit: Rabbit
) -> None:
    """RabbitMQ 3.10 may then keep the old consumer, and deliver to it what never comes: a new connection gets it."""
    settings = msgspec.structs.replace(settings, rabbitmq_url=rabbit.url)
    async with staffed(settings, ["analytics"], look_every_s=0.1, quiet_s=2.0) as staff:
        depths = staff.transport.depths

        async def listens() -> bool:
            return 1 == (await depths()).queues["analytics"].consumers

        await until(listens, within_s=20)
        async with await connect_rabbitmq([rabbit.url]) as connection:
            channel = await connection.channel()
            await channel.queue_delete("analytics")
            await declare(channel, staff.transport.topology)
        await rabbit.post(staff.transport.topology, "analytics", b"no event, and heard all the same")
        await until(lambda: staff.consumers.taken["analytics"], within_s=20)
