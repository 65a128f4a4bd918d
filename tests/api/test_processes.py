"""`serve` and `worker` as processes of their own: they start, refuse, drain and end as promised."""

import asyncio
import signal
import time
from pathlib import Path

import httpx
import pytest

from client.reconnect import Ridewire
from infra.clients import Database
from infra.embedded.ports import free_port
from tests.api.programs import Program
from tests.api.serving import SECRET, Person, token
from tests.waiting import until


async def serve(programs: list[Program], log: Path, env: dict[str, str]) -> tuple[Program, str]:
    """A serving process and its address, once it is ready."""
    port = free_port()
    program = Program(log, env, "api.serve", "--port", str(port))
    programs.append(program)
    url = f"http://127.0.0.1:{port}"

    async def is_ready() -> bool:
        assert program.child.poll() is None, program.said()
        try:
            async with httpx.AsyncClient() as http:
                return (await http.get(f"{url}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    await until(is_ready, within_s=30)
    return program, url


async def test_sigterm_drains_and_exits_0(
    programs: list[Program], env: dict[str, str], tmp_path: Path
) -> None:
    """Sockets get `bye` 4001 with a time to come back, a report under way is answered, and the exit code is 0."""
    program, url = await serve(programs, tmp_path / "log", env)
    byes: list[int] = []
    async with Ridewire.connect(url.replace("http", "ws") + "/ws", token=token("rider", "r1"), client="p") as rider:
        now_ms = int(time.time() * 1000)
        ack = await rider.report([{"seq": 1, "ts": now_ms, "lat": 14.6, "lng": 120.98, "accuracy": 5}])
        assert 1 == ack["upto"]
        connection = await rider.connected()
        program.child.send_signal(signal.SIGTERM)
        lost = await asyncio.wait_for(connection.ended(), 10)
        byes.append(lost.code)
    assert [4001] == byes
    assert 0 == await program.ended()


async def test_no_token_and_no_place_is_in_the_logs(
    programs: list[Program], env: dict[str, str], tmp_path: Path
) -> None:
    """Good tokens, bad ones, share links and coordinates pass through and leave no trace on standard error."""
    program, url = await serve(programs, tmp_path / "log", env | {"LOG_LEVEL": "debug"})
    bearer, bad = token("admin", "a1"), token("admin", "a1")[:-4] + "AAAA"
    person = Person(url, bearer)
    spot = {"lat": 14.123456, "lng": 120.654321}
    body = {"customer_id": "c1", "vendor_id": "v1", "pickup": spot, "dropoff": spot}
    order = (await person.post("/api/orders", body)).json()
    link = (await person.post(f"/api/orders/{order['id']}/share")).json()["token"]
    for each in (bad, link):
        await person.get(f"/api/orders/{order['id']}/tracking", headers={"Authorization": f"Bearer {each}"})
    await person.get(f"/track/{link}")
    async with Ridewire.connect(url.replace("http", "ws") + "/ws", token=link) as guest:
        await guest.subscribe(f"order:{order['id']}")
    await person.http.aclose()
    program.child.send_signal(signal.SIGTERM)
    await program.ended()
    said = program.said()
    assert [] == [secret for secret in (bearer, bad, link, SECRET, "14.123456", "120.654321") if secret in said]


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"JWT_SECRET": ""}, "JWT_SECRET"), ({"JWT_SECRET": "short"}, "JWT_SECRET"), ({"MONGO_URL": ""}, "MONGO_URL"),
     ({"JWT_SECRET_PREVIOUS": "changeme"}, "JWT_SECRET_PREVIOUS"), ({"DURABILITY": "maybe"}, "DURABILITY")],
)
async def test_wrong_settings_are_named_with_exit_2(
    programs: list[Program], env: dict[str, str], tmp_path: Path, changed: dict[str, str], name: str
) -> None:
    """One sentence, no traceback."""
    program = Program(tmp_path / "log", env | changed, "api.serve", "--port", str(free_port()))
    programs.append(program)
    assert 2 == await program.ended()
    assert name in program.said()
    assert "Traceback" not in program.said()


async def test_a_worker_without_servers_gives_up_with_the_reason(
    programs: list[Program], env: dict[str, str], tmp_path: Path
) -> None:
    """It tries again for its patience, then exits 1 and says what did not answer."""
    dead = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    program = Program(tmp_path / "log", env | dead, "api.worker", "--patience", "2")
    programs.append(program)
    assert 1 == await program.ended()
    assert "ConnectionError" in program.said()
    assert program.said().count("waiting for servers") >= 2


async def test_a_worker_writes_what_is_in_hand_and_exits_0(
    programs: list[Program], env: dict[str, str], tmp_path: Path, database: Database
) -> None:
    """What a rider sent is in MongoDB soon; on SIGTERM the worker ends cleanly."""
    _, url = await serve(programs, tmp_path / "serve.log", env)
    worker = Program(tmp_path / "worker.log", env, "api.worker")
    programs.append(worker)
    await until(lambda: "working" in worker.said(), within_s=30)
    async with Ridewire.connect(url.replace("http", "ws") + "/ws", token=token("rider", "r1"), client="p") as rider:
        await rider.report([{"seq": 1, "ts": int(time.time() * 1000), "lat": 14.6, "lng": 120.98, "accuracy": 5}])
    await until(lambda: database.tracks.find_one({}), within_s=20)
    worker.child.send_signal(signal.SIGTERM)
    assert 0 == await worker.ended()
