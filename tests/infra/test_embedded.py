"""Embedded servers: private, gone with whoever started them, and their data are there the next time."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pymongo
import pytest
import redis

from infra.embedded.kept import Kept
from infra.embedded.mongod import Mongod
from infra.embedded.ports import free_port
from infra.embedded.process import ROOT, ServerFailed, ServerProcess
from infra.embedded.valkey import Valkey
from tests.waiting import until_now

PARENT = """
import sys, time
from pathlib import Path
from infra.embedded.valkey import Valkey
server = Valkey(Path(sys.argv[1])).start()
print(server.process.warden.pid, *server.process.pids(), flush=True)
sys.stdin.read()
"""


def gone(pids: list[int]) -> bool:
    """Whether none of these processes runs any more."""
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)


def parent_of_valkey(directory: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A process that started a Valkey, and the processes under it: the warden first."""
    command = [sys.executable, "-c", PARENT, str(directory)]
    parent = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, [int(pid) for pid in parent.stdout.readline().split()]


@pytest.mark.parametrize("died", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_its_parent_however_that_died(tmp_path: Path, died: signal.Signals) -> None:
    """kill -9 of the parent leaves no orphan."""
    parent, pids = parent_of_valkey(tmp_path)
    with parent:
        parent.send_signal(died)
    assert len(pids) == 2
    until_now(lambda: gone(pids))


def test_no_server_outlives_its_warden(tmp_path: Path) -> None:
    """Even kill -9 of the process that guards it takes the server down."""
    parent, pids = parent_of_valkey(tmp_path)
    with parent:
        os.kill(pids[0], signal.SIGKILL)
        until_now(lambda: gone(pids))
        parent.kill()


def test_valkeys_data_survive_a_restart_and_a_kill(tmp_path: Path) -> None:
    """What was written is there after a clean stop, and after kill -9 once it was flushed."""
    server = Valkey(tmp_path).start()
    with redis.Redis.from_url(server.url) as client:
        client.set("kept", "1")
        assert [1, 0] == client.execute_command("WAITAOF", 1, 0, 2000)
    server.kill()
    again = Valkey(tmp_path).start()
    try:
        with redis.Redis.from_url(again.url) as client:
            assert b"1" == client.get("kept")
    finally:
        again.stop()


def test_mongods_data_survive_a_restart_on_another_port(tmp_path: Path) -> None:
    """A replica set that wakes up under a new address is told so, and has its transactions and documents."""
    first = Mongod(tmp_path).start()
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(first.url)
    with client:
        client.get_database("d").get_collection("c").insert_one({"_id": 1})
    first.stop()
    second = Mongod(tmp_path).start()
    try:
        assert first.port != second.port
        with pymongo.MongoClient(second.url) as client, client.start_session() as session, session.start_transaction():
            assert {"_id": 1} == client.get_database("d").get_collection("c").find_one({}, session=session)
    finally:
        second.stop()


def test_a_crashed_server_is_started_again(tmp_path: Path) -> None:
    """It is back on the same port, and whoever listens is told of both."""
    server, told = Valkey(tmp_path), list[str]()
    kept = Kept(server.process, server._is_ready, told.append).start()
    try:
        server.kill()
        until_now(lambda: kept.restarts == 1 and len(told) == 2)
        assert server._is_ready()
    finally:
        kept.stop()
    assert [True, True] == ["starting it again" in told[0], "up again" in told[1]]
    assert not server._is_ready()


def test_a_server_that_does_not_come_up_says_what_its_log_says(tmp_path: Path) -> None:
    """The error names the server and ends with the end of its log."""
    broken = ServerProcess("Broken", ["/bin/sh", "-c", "echo no such disk >&2; exit 3"], tmp_path / "log")
    with pytest.raises(ServerFailed, match=r"(?s)Broken was not ready within 5 s.*no such disk"):
        broken.start(lambda: False, within_s=5)


@pytest.mark.parametrize("first_outgoing", ["32768", "1024"])
def test_ports_are_free_and_never_handed_out_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_outgoing: str
) -> None:
    """Servers side by side never get the same port, nor one the kernel may give to a connection, if it leaves any."""
    kernel = tmp_path / "range"
    kernel.write_text(f"{first_outgoing}\t60999\n")
    monkeypatch.setattr("infra.embedded.ports.OUTGOING", kernel)
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == len(ports)
    assert first_outgoing == "1024" or max(ports) < 32768
