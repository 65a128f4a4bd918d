"""Several instances behind the edge: how requests and sockets are shared, and that one may go."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import msgspec
import pytest

from client.reconnect import Ridewire
from infra.embedded.process import ServerProcess
from infra.settings import Settings
from tests.api.serving import Service, serving, token
from tests.edge.conftest import running_edge, start_echo
from tests.waiting import until

SOCKETS = 45  # below the edge's burst of handshakes for one address
Echo = tuple[int, ServerProcess]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Echo, Echo]]:
    """Two instances that say which one they are."""
    one, two = start_echo(tmp_path / "one.out"), start_echo(tmp_path / "two.out")
    yield one, two
    for _, process in (one, two):
        process.stop()


def who_answers(url: str, times: int) -> Counter[str]:
    """Instance → how many of so many requests it answered; each must be 200."""
    seen: Counter[str] = Counter()
    with httpx.Client() as client:
        for number in range(times):
            answer = client.get(f"{url}/api/ingest/key-{number}")
            assert 200 == answer.status_code, answer.text
            seen[answer.headers["x-instance"]] += 1
    return seen


@pytest.mark.parametrize(("strategy", "shares"), [("weighted", (60, 40)), ("round_robin", (50, 50)), ("ip_hash", None)])
def test_requests_are_shared_as_the_example_says(
    pair: tuple[Echo, Echo], tmp_path: Path, strategy: str, shares: tuple[int, int] | None
) -> None:
    """Weights of 3 and 2 are 60 and 40 in a hundred, give or take 3; ip_hash keeps an address with one instance."""
    ports = [port for port, _ in pair]
    with running_edge(tmp_path / "nginx", "plain", ports, strategy) as edge:
        seen = who_answers(edge.http, 300)
    if shares is None:
        assert 1 == len(seen)
    else:
        assert [True, True] == [
            abs(seen[str(port)] / 3 - share) <= 3 for port, share in zip(ports, shares, strict=True)
        ], seen


def test_an_instance_that_is_gone_costs_no_answer(pair: tuple[Echo, Echo], tmp_path: Path) -> None:
    """The edge asks the other one, and after three failures leaves it alone for half a minute."""
    (gone, process), (stays, _) = pair
    with running_edge(tmp_path / "nginx", "plain", [gone, stays]) as edge:
        assert {str(gone), str(stays)} == set(who_answers(edge.http, 20))
        process.kill()
        assert {str(stays): 60} == who_answers(edge.http, 60)


def counts(instances: list[Service]) -> list[int]:
    """Open sockets of each."""
    return [instance.app.world.sockets.count for instance in instances]


async def test_sockets_are_spread_and_come_back_elsewhere(settings: Settings, database: object, tmp_path: Path) -> None:
    """Three instances share the sockets; one stops, and its clients are with the others by themselves."""
    async with AsyncExitStack() as stack:
        running = [serving(msgspec.structs.replace(settings, drain_s=2)) for _ in range(3)]
        instances = [await stack.enter_async_context(each) for each in running]
        ports = [int(each.url.rpartition(":")[2]) for each in instances]
        coming = running_edge(tmp_path / "nginx", "plain", ports)  # the instances it asks live in this loop
        edge = await asyncio.to_thread(coming.__enter__)
        stack.push(coming.__exit__)
        url = edge.http.replace("http", "ws") + "/ws"
        for number in range(SOCKETS):
            rider = token("rider", f"r{number}")
            await stack.enter_async_context(Ridewire.connect(url, token=rider, client="phone"))
        share, shared = SOCKETS / len(instances), counts(instances)
        assert [] == [count for count in shared if not 0.6 * share <= count <= 1.4 * share], shared
        instances[0].server.should_exit = True
        await until(lambda: SOCKETS == sum(counts(instances[1:])) and not counts(instances)[0], within_s=30)
