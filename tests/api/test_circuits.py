"""Those whom we ask: how they are is seen from every process, in health and metrics, by the worst that one sees."""

import msgspec
import redis.asyncio as aioredis

from api.circuits import FRESH_S, Circuits, State
from calls.breaker import FAILURES, OPEN
from calls.guard import Guard
from infra.embedded.ports import free_port
from infra.settings import Settings
from tests.api.serving import Service, serving
from tests.waiting import until


async def fail(guard: Guard) -> None:
    """Ask until it is left alone."""

    async def nobody() -> None:
        raise ConnectionError("nobody is there")

    while guard.breaker.state != OPEN:
        try:
            await guard.ask(nobody)
        except ConnectionError:
            continue


async def providers(service: Service) -> tuple[str, str]:
    """What health says of them."""
    told = (await service.person("admin", "a1").get("/health/services/providers")).json()
    return told["status"], told["detail"]


async def metrics(service: Service) -> str:
    return str((await service.person("admin", "a1").get("/metrics")).text)


async def test_a_provider_that_one_worker_leaves_alone_is_shown_as_such(
    service: Service, redis_client: aioredis.Redis, prefix: str
) -> None:
    """Also when another worker has just reached it; an endpoint of somebody else's makes nobody unwell."""
    assert ("off", "not set up") == await providers(service)
    push, same, hook = Guard("push", 1), Guard("push", 1), Guard("webhook:w1", 1)
    first, second = Circuits(redis_client, prefix), Circuits(redis_client, prefix)
    first.sources["ways"], second.sources["ways"] = lambda: [push, hook], lambda: [same]
    await fail(hook)
    for each in (first, second):
        await each.report()
    assert ("up", "push closed, webhooks 0 of 1 not open") == await providers(service)
    await fail(push)
    for each in (first, second):
        await each.report()
    assert ("down", "push open, webhooks 0 of 1 not open") == await providers(service)

    async def is_measured() -> bool:
        page = await metrics(service)
        return 'ridewire_provider_circuit{provider="push"} 2.0' in page and (
            f'ridewire_provider_calls_failed{{provider="push"}} {FAILURES}.0' in page
        )

    await until(is_measured, within_s=20)
    detailed = (await service.person("admin", "a1").get("/health/detailed")).json()
    assert ("degraded", "down") == (detailed["status"], detailed["components"]["providers"]["status"])


async def test_what_a_dead_process_said_is_forgotten(redis_client: aioredis.Redis, prefix: str) -> None:
    """It cannot say that it is better now."""
    circuits = Circuits(redis_client, prefix)
    old = msgspec.msgpack.encode(State(2.0, {}, at_s=-FRESH_S))
    await redis_client.hset(f"{prefix}:circuits", "sms|gone", old)
    assert {} == await circuits.read()
    assert 0 == await redis_client.exists(f"{prefix}:circuits")


async def test_a_routing_server_that_does_not_answer_is_shown(settings: Settings, database: object) -> None:
    """The chain of routers stands behind guards like everybody else; streets that are not set up are not told of."""
    nowhere = msgspec.structs.replace(settings, routing_url=f"http://127.0.0.1:{free_port()}")
    async with serving(nowhere) as service:
        chain = service.app.world.arrivals.chain
        for number in range(FAILURES):
            assert await chain.way((41.0 + number / 10, -8.6), (41.1, -8.6)) is None
        assert ["routing server"] == [guard.name for guard in chain.guards]

        async def is_measured() -> bool:
            return 'ridewire_provider_circuit{provider="routing server"} 2.0' in await metrics(service)

        await until(is_measured, within_s=20)
        assert ("down", "routing server open") == await providers(service)
