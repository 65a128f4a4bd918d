"""Our server, or the Node peer, on a fresh Valkey and MongoDB of its own."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec
import pymongo

from bench.tokens import AUDIENCE, SECRET, token
from bench.world import PEERS, answers, install_peers, ridewire_env
from client.wire import Message
from infra.embedded.mongod import Mongod
from infra.embedded.ports import free_port
from infra.embedded.process import ServerProcess
from infra.embedded.valkey import Valkey

DATABASE = "bench"
HTTP = httpx.Client(timeout=30)  # one for all: each new client would read the certificates of the world


class Running(msgspec.Struct):
    """A system that answers at `origin`; `server` can be killed and started again."""

    origin: str
    valkey: Valkey
    mongod: Mongod
    server: ServerProcess
    ready: str

    @property
    def http(self) -> str:
        """The same place for plain HTTP."""
        return self.origin.replace("ws:", "http:")

    def start(self) -> None:
        """Start the server (again) and wait until it is ready."""
        self.server.start(lambda: answers(self.http + self.ready), within_s=60)

    def pids(self) -> dict[str, list[int]]:
        """Process ids by role."""
        return {
            "server": self.server.pids(), "redis": self.valkey.process.pids(), "mongo": self.mongod.process.pids()
        }

    def queries(self) -> int:
        """How many reads MongoDB has answered: queries and further pages."""
        with pymongo.MongoClient[Message](self.mongod.url) as client:
            counted = client.admin.command("serverStatus")["opcounters"]
            return int(counted["query"] + counted["getmore"])

    def resume_reads(self) -> dict[str, int]:
        """What resuming sockets needed, by where it came from, as the server's metrics tell."""
        lines = httpx.get(f"{self.http}/metrics", timeout=10).text.splitlines()
        rows = [line for line in lines if "resume_reads" in line and line[0] != "#" and "_created" not in line]
        return {row.split('"')[1]: int(float(row.rsplit(" ", 1)[1])) for row in rows}

    def ask(self, method: str, path: str, sub: str, role: str, body: object = None) -> Message:
        """A request by somebody; raises for a refusal."""
        headers = {"Authorization": f"Bearer {token(sub, role)}"}
        answer = HTTP.request(method, self.http + path, headers=headers, json=body)
        return dict(answer.raise_for_status().json())


@contextlib.contextmanager
def staged(name: str, more: Mapping[str, str] | None = None) -> Iterator[Running]:
    """`ridewire` or `socketio`, up; gone afterwards."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"bench-chat-{name}-")))
        valkey, mongod = Valkey(directory / "valkey").start(), Mongod(directory / "mongod").start()
        stack.callback(valkey.stop)
        stack.callback(mongod.stop)
        port = free_port()
        if name == "ridewire":
            env = ridewire_env(valkey, mongod, {"MONGO_DB": DATABASE, **(more or {})})
            command = [sys.executable, "-m", "api.serve", "--host", "127.0.0.1", "--port", str(port)]
        else:
            install_peers()
            env = {
                "MONGO_URL": mongod.url, "JWT_SECRET": SECRET, "JWT_AUDIENCE": AUDIENCE, "PORT": str(port),
                "NODE_ENV": "production", "PATH": os.environ.get("PATH", ""),
            }
            command = ["node", str(PEERS / "chat.mjs")]
        server = ServerProcess(name, command, directory / "serve.log", env=env)
        running = Running(
            f"ws://127.0.0.1:{port}", valkey, mongod, server, "/health/ready" if name == "ridewire" else "/"
        )
        stack.callback(server.stop)
        running.start()
        yield running
